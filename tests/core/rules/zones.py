"""Zones in which midnights are skipped, doubled, or a whole day is missing."""

ZONES = [
    "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Fakaofo", "Pacific/Auckland", "Pacific/Chatham",
    "Australia/Melbourne", "Australia/Lord_Howe", "Australia/Adelaide", "Asia/Tokyo", "Asia/Pyongyang",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Asia/Gaza", "Asia/Amman", "Asia/Damascus",
    "Europe/Moscow", "Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Dublin", "Atlantic/Azores",
    "Atlantic/Reykjavik", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/El_Aaiun",
    "America/Sao_Paulo", "America/Asuncion", "America/Santiago", "America/Havana", "America/Caracas",
    "America/St_Johns", "America/Halifax", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Anchorage", "America/Scoresbysund", "America/Nuuk", "Pacific/Honolulu",
    "Pacific/Pago_Pago", "Pacific/Easter", "Antarctica/Troll", "UTC",
]  # fmt: skip
