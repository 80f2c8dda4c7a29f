"""What tests share: real peers and the closed network. Nothing here is shipped."""
