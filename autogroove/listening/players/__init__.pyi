from .delivery import Delivery as Delivery
from .delivery import deliver as deliver
from .delivery import deliver_stations as deliver_stations
from .keeping import Kept as Kept
from .keeping import keep_playlists as keep_playlists
from .keeping import list_pushed as list_pushed
from .targets import open_player as open_player
