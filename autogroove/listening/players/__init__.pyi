from .delivery import Delivery as Delivery
from .delivery import deliver as deliver
from .delivery import deliver_stations as deliver_stations
from .targets import open_player as open_player
