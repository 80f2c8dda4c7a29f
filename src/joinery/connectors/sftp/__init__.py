"""Files on an SFTP server: HR's for us, and ours for others.

Rule 1: no server is believed that does not prove the key in the settings.
"""

from joinery.connectors.sftp.drop import SftpDrop
from joinery.connectors.sftp.folder import RemoteFolder
from joinery.connectors.sftp.link import Server
from joinery.connectors.sftp.outbox import SftpOutbox
from joinery.connectors.sftp.probe import Answer, probe

__all__ = ["Answer", "RemoteFolder", "Server", "SftpDrop", "SftpOutbox", "probe"]
