"""Carries packets between two TUN devices, each after so many seconds: link.py DEVICE DEVICE SECONDS

Prints "ready" when both devices are there, and ends with its standard input.
"""

import fcntl
import os
import queue
import struct
import sys
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
LONGEST_PACKET = 65536


def device(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def carry(source, target, delay):
    packets = queue.SimpleQueue()

    def deliver():
        while True:
            due, packet = packets.get()
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            try:
                os.write(target, packet)
            except OSError:
                pass  # The device is not up yet, or not any more.

    def take():
        while True:
            try:
                packet = os.read(source, LONGEST_PACKET)
            except OSError:
                time.sleep(0.001)
                continue
            packets.put((time.monotonic() + delay, packet))

    for work in (deliver, take):
        threading.Thread(target=work, daemon=True).start()


one, other = device(sys.argv[1]), device(sys.argv[2])
carry(one, other, float(sys.argv[3]))
carry(other, one, float(sys.argv[3]))
print("ready", flush=True)
sys.stdin.read()
