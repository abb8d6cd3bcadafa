"""What every httpx client of the suite is made with: all is plain http on the loopback interface. Without verify=False each
client would first read all the machine's certificates, which costs more than most requests."""

PLAIN = {"trust_env": False, "verify": False}
