#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""words_read.py - what the shared table of words.h holds, by ctypes alone."""
import ctypes
import sys

BUCKETS = 256


class Word(ctypes.Structure):
    pass


# The text is behind it.
Word._fields_ = [("next", ctypes.POINTER(Word)), ("seen", ctypes.c_ulong)]


class Words(ctypes.Structure):
    """struct words; its lock is behind what is here."""
    _fields_ = [("bucket", ctypes.POINTER(Word) * BUCKETS),
                ("count", ctypes.c_ulong)]


class Site(ctypes.Structure):
    """struct km_site: whose lock, or block, it is; kept as long as that."""
    _fields_ = [("file", ctypes.c_char_p), ("func", ctypes.c_char_p),
                ("mname", ctypes.c_char_p), ("line", ctypes.c_uint32),
                ("row", ctypes.c_uint64 * 2)]


here = Site(b"words_read.py", b"main", b"python", 0)
kmem = ctypes.CDLL("libkmem.so.0")
kmem.km_attach_why.restype = ctypes.c_char_p
kmem.km_root_get.restype = ctypes.c_void_p
kmem.km_root_get.argtypes = [ctypes.c_char_p]
kmem.km_lock_get.argtypes = [ctypes.c_void_p, ctypes.POINTER(Site)]
kmem.km_lock_release.argtypes = [ctypes.c_void_p]

if kmem.km_attach(None) != 0:
    sys.exit("words_read: " + kmem.km_attach_why().decode())
address = kmem.km_root_get(b"example.words")
if address is None:
    sys.exit("words_read: nobody has collected words yet")

words = Words.from_address(address)
lock = address + ctypes.sizeof(Words)
seen = {}
kmem.km_lock_get(lock, here)
for word in words.bucket:
    while word:
        text = ctypes.addressof(word.contents) + ctypes.sizeof(Word)
        seen[ctypes.string_at(text).decode()] = word.contents.seen
        word = word.contents.next
kmem.km_lock_release(lock)

for text, n in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0])):
    print(n, text)
