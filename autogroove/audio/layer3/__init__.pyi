from .bits import compiled as compiled
