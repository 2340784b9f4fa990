"""Forwards packets between two TUN devices with a delay: link.py DEVICE DEVICE SECONDS

Prints "ready" when both devices exist, and exits at the end of standard input.
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
MAX_PACKET = 65536


def device(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def forward(source, target, delay):
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
                pass  # The device is not up yet, or is gone.

    def receive():
        while True:
            try:
                packet = os.read(source, MAX_PACKET)
            except OSError:
                time.sleep(0.001)
                continue
            packets.put((time.monotonic() + delay, packet))

    for task in (deliver, receive):
        threading.Thread(target=task, daemon=True).start()


one, other = device(sys.argv[1]), device(sys.argv[2])
forward(one, other, float(sys.argv[3]))
forward(other, one, float(sys.argv[3]))
print("ready", flush=True)
sys.stdin.read()
