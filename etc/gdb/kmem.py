# SPDX-License-Identifier: ISC
"""kmem.py - commands for gdb that look into the pools of kmemd.

    (gdb) source kmem.py
    (gdb) kmem pools

In a live process or a core, with or without the debug information of kmemd: a
pool says itself what is where.  Nothing that is read is trusted: each offset
and size is checked, and what makes no sense is told.

A manager is a class with a walk() over its fragments and a check() of one of
them; MANAGERS lists them by their numbers (enum manager_id).
"""

import struct

import gdb

MAGIC = 0x4C4F4F504D454D4B  # POOL_MAGIC
ABI = 1
KINDS = ("pkg", "shm")
SLOT_STATES = ("free", "live", "dead", "left", "recovering", "claimed")
PIECE = 64 * 1024  # bytes read at a time
SHOWN = 20  # lines of kmem top, unless told

# struct km_pool, up to its accounts
HEADER = struct.Struct("<QIIQIIQQQQQQIIiIQQQQQIIQ64s")
ACCOUNT = struct.Struct("<Q10Q")
SLOT = struct.Struct("<IiiIQ40x64s")
HOLDS_SIZE = 128
SITE_TABLE_SIZE = 32
SITE_ROW = struct.Struct("<IIIIII")
SITE_READY = 2
TEXT_MAX = 256

# struct qm_frag, qm_frag_end
FRAG = struct.Struct("<QQQQQIIQIIQQ")
FRAG_END = struct.Struct("<QQQQ")
QM_LISTS = 2083
QM_ROUND = 16
QM_HEAD = 0xF0F0F0F0
QM_CHECK1 = 0xC0C0C0C0
QM_CHECK2 = 0xABCDEFED
QM_SLACK = 0xC5
OVERHEAD = FRAG.size + FRAG_END.size

# struct slab, slab_page, slab_side, and what slab.h and slab_class.c say
SLAB = struct.Struct("<IIQQQQQQQQQII288sQQ")
SLAB_PAGE_ROW = struct.Struct("<QQ")
SLAB_SIDE = struct.Struct("<8s")
SLAB_CLASSES = 72
SLAB_PAGE = 4096
SLAB_UNIT = 64
SLAB_FREE, SLAB_SPAN, SLAB_ABAND, SLAB_HEAD, SLAB_KINDS = 0, 1, 2, 5, 11


class Damage(Exception):
    """What is there is no pool, or a damaged one: a text, and the offset of
    the damage where a walk may go on behind it."""


def slab_cut(size):
    """(cost, pages) of the spans of a size, as slab_class.c chooses."""
    best = None
    for pages in range(1, 17 if size > 256 else 2):
        room = pages * SLAB_PAGE
        blocks, tail = divmod(room, size)
        if blocks < (4 if size <= 8192 else 2) or tail > room // 16:
            continue
        units = (blocks * 8 + SLAB_UNIT - 1) // SLAB_UNIT
        cost = ((tail + units * SLAB_UNIT) * 10000 // (blocks * size) +
                pages * 200)
        if best is None or cost < best[0]:
            best = cost, pages
    return best


def slab_classes():
    """(size, blocks, pages) of the spans of each class."""
    nominal, step, out = 0, 16, []
    for _ in range(SLAB_CLASSES):
        nominal += step
        size = nominal
        if nominal & (nominal - 1):
            grain = 16 if nominal <= 512 else 64
            for less in range(nominal - grain, nominal - step // 2, -grain):
                if slab_cut(less)[0] < slab_cut(size)[0]:
                    size = less
        pages = slab_cut(size)[1]
        out.append((size, pages * SLAB_PAGE // size, pages))
        if nominal >= 256 and nominal & (nominal - 1) == 0:
            step = nominal // 8
    return out


def slab_classes_hash():
    """slab_classes_hash() of slab_class.c."""
    value = 0
    for size, _, pages in slab_classes():
        value = value * 31 + size * 32 + pages & 0xFFFFFFFFFFFFFFFF
    return value


def layout_hashes():
    """pool_layout_hash() of libclient/mem/pool.c, of the layouts above: the
    size of a mutex differs between machines."""
    for mutex in (40, 48):
        qm_block = 32 + 40 + mutex + 8 * QM_LISTS + 8 * ((QM_LISTS + 63) // 64)
        value = ABI
        for fact in (HEADER.size + ACCOUNT.size, HEADER.size, SLOT.size, HOLDS_SIZE,
                     SITE_TABLE_SIZE, SITE_ROW.size, qm_block, FRAG.size,
                     FRAG_END.size, QM_LISTS, SLAB.size, SLAB_PAGE_ROW.size,
                     SLAB_SIDE.size, slab_classes_hash(), mutex):
            value = (value ^ fact) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        yield value >> 32, qm_block


QM_BLOCK_SIZES = dict(layout_hashes())


class Block:
    """A fragment: a caller's block, or a free one."""

    def __init__(self, off, room, is_free):
        self.off = off  # of the payload, from the pool's header
        self.room = room
        self.is_free = is_free
        self.size = self.seq = self.site = self.owner = self.born = 0


class Qm:
    """The manager qm: libclient/mem/qm.h has the picture."""

    name = "qm"
    RETRIES = 100  # other processes change shm while this one is stopped

    def __init__(self, pool):
        self.pool = pool
        first = pool.data + QM_BLOCK_SIZES[pool.layout]
        self.first = (first + QM_ROUND - 1) // QM_ROUND * QM_ROUND
        self.last = (pool.size - OVERHEAD) // QM_ROUND * QM_ROUND

    def _frag(self, off):
        """The fragment whose head is there, None when there is no head."""
        (size, is_free, _, _, _, _, site, requested, owner, born, seq,
         check) = FRAG.unpack(self.pool.read(off, FRAG.size))
        if (check != (off // QM_ROUND) << 32 | QM_HEAD or size % QM_ROUND or
                off + OVERHEAD > self.last or
                size > self.last - off - OVERHEAD):
            return None
        block = Block(off + FRAG.size, size, is_free != 0)
        if is_free == 0:
            block.size = min(requested, size)
            block.site, block.owner = site, owner & 0xFFFFFF
            block.born, block.seq = born, seq
        return block

    def resync(self, off):
        """The next head that can be made out behind a damaged one."""
        off += QM_ROUND
        while off < self.last:
            if self._frag(off) is not None:
                return off
            off += QM_ROUND
        return None

    def sums(self):
        """The accounts, of the copy that is whole."""
        account = ACCOUNT.unpack(self.pool.read(HEADER.size, ACCOUNT.size))
        copy = account[1 + 5 * (account[0] & 1):]
        return dict(zip(("free", "used", "max_used", "fragments", "blocks"),
                        copy))

    def walk(self, begin=None):
        off = begin or self.first
        good, retries, done = [off], 0, off
        while off < self.last:
            block = self._frag(off)
            if block is None:
                retries += 1
                if retries > self.RETRIES:
                    raise Damage("head of the block at %#x was overwritten" %
                                 (self.pool.base + off + FRAG.size), off)
                self.pool.forget()
                good = good[:-1] or [begin or self.first]
                off = good[-1]
                continue
            good = good[-8:] + [off]
            if off >= done:
                retries, done = 0, off + 1
                yield block
            off += OVERHEAD + block.room

    def check(self, block):
        """What is wrong with a block's guards: a text, or None."""
        if block.is_free:
            return None
        slack = self.pool.read(block.off + block.size,
                               block.room - block.size)
        for i, byte in enumerate(slack):
            if byte != QM_SLACK:
                return self._overwritten(block, block.size + i)
        check1, check2, size, _ = FRAG_END.unpack(
            self.pool.read(block.off + block.room, FRAG_END.size))
        for i, good in enumerate((check1 == QM_CHECK1, check2 == QM_CHECK2,
                                  size == block.room)):
            if not good:
                return self._overwritten(block, block.room + 8 * i)
        return None

    def _overwritten(self, block, at):
        found = self.pool.read(block.off + at, 16)
        return "tail of block was overwritten, found at byte %d: %s" % (
            at, found.hex(" "))


class Slab:
    """The manager slab: libclient/mem/slab.h has the layout."""

    name = "slab"
    classes = slab_classes()

    def __init__(self, pool):
        self.pool = pool
        (_, _, self.n_pages, _, _, self.max_held, _, self.rows, _, _,
         self.data, _, _, _, _, _) = SLAB.unpack(pool.read(pool.data, SLAB.size))
        size = self.data + self.n_pages * SLAB_PAGE
        if (size > pool.max_size or
                self.rows + self.n_pages * SLAB_PAGE_ROW.size > self.data):
            raise Damage("pool %s: its page table makes no sense" % pool.name)
        # The truth is n_pages: whoever made it larger may have been stopped.
        pool.size = size
        pool.pieces.clear()

    def _row(self, page):
        """Its word, and the unit of its tags, or the tag of a run."""
        return SLAB_PAGE_ROW.unpack(self.pool.read(
            self.rows + page * SLAB_PAGE_ROW.size, SLAB_PAGE_ROW.size))

    def _block(self, off, room, tag):
        block = Block(off, room, False)
        block.size = max(room - (tag >> 26 & 0xFFF), 0)
        block.site, block.owner = tag & 0x3FFF, tag >> 14 & 0xFFF
        return block

    def _span(self, page, word, unit):
        """The live blocks of a span, and its pages."""
        number = word >> 4 & 0x7F
        if number >= SLAB_CLASSES:
            self._damage(page)
        size, blocks, pages = self.classes[number]
        begin = self.data + page * SLAB_PAGE
        tags = struct.unpack("<%dQ" % blocks, self.pool.read(
            self.data + unit * SLAB_UNIT, 8 * blocks))
        return [self._block(begin + i * size, size, tag)
                for i, tag in enumerate(tags) if tag >> 63], pages

    def _damage(self, page):
        off = self.data + page * SLAB_PAGE
        raise Damage("the word of the page at %#x makes no sense" %
                     (self.pool.base + off), off)

    def _free(self, page):
        end = page
        while end < self.n_pages and self._row(end)[0] & 15 == SLAB_FREE:
            end += 1
        return [Block(self.data + page * SLAB_PAGE, (end - page) * SLAB_PAGE,
                      True)], end - page

    def _place(self, page):
        """What begins at a page: fragments, and how many pages it has."""
        word, more = self._row(page)
        kind = word & 15
        if kind == SLAB_FREE:
            return self._free(page)
        if kind in (SLAB_SPAN, SLAB_ABAND):
            return self._span(page, word, more)
        if kind == SLAB_HEAD:
            pages = word >> 23 & 0xFFFFFF
            if not 0 < pages <= self.n_pages - page:
                self._damage(page)
            return [self._block(self.data + page * SLAB_PAGE,
                                pages * SLAB_PAGE, more)], pages
        if kind >= SLAB_KINDS:
            self._damage(page)
        return [], 1

    def walk(self, begin=None):
        page = ((begin or self.data) - self.data) // SLAB_PAGE
        while page < self.n_pages:
            blocks, pages = self._place(page)
            yield from blocks
            page += pages

    def resync(self, off):
        off += SLAB_PAGE
        return off if off < self.data + self.n_pages * SLAB_PAGE else None

    def check(self, _):
        """Nothing stands between its blocks that could be damaged."""
        return None

    def sums(self):
        blocks = list(self.walk())
        live = [block for block in blocks if not block.is_free]
        free = [block.room for block in blocks if block.is_free]
        return {"free": sum(free), "used": sum(b.size for b in live),
                "max_used": max(self.pool.size - sum(free),
                                self.data + self.max_held * SLAB_PAGE),
                "fragments": len(free), "blocks": len(live)}


MANAGERS = {1: Qm, 2: Slab}


class Pool:
    """A pool that is mapped at `address`."""

    def __init__(self, address):
        self.address = address
        self.pieces = {}
        self.sites = {}
        try:
            head = bytes(gdb.selected_inferior().read_memory(
                address, HEADER.size))
        except gdb.MemoryError:
            raise Damage("cannot read %#x" % address)
        (magic, self.abi, self.layout, _, self.kind, self.manager_id,
         self.base, self.size, self.max_size, self.slots, self.site_rows, self.data,
         self.n_slots, self.n_sites, self.owner, _, _, _, _, _, _, _, _, _,
         name) = HEADER.unpack(head)
        if magic != MAGIC:
            raise Damage("no pool at %#x" % address)
        self.name = text_of(name)
        self.manager = None

    def open(self):
        """Check what the header says; then its manager can walk."""
        if self.abi != ABI or self.layout not in QM_BLOCK_SIZES:
            raise Damage("pool %s has ABI %d, layout %08x; this kmem.py reads "
                         "ABI %d, layout %s: use the one installed with that "
                         "kmemd" % (self.name, self.abi, self.layout, ABI,
                                    " or ".join("%08x" % h for h in
                                                QM_BLOCK_SIZES)))
        if (self.kind >= len(KINDS) or self.size > self.max_size or
                self.slots + self.n_slots * SLOT.size > self.size or
                self.site_rows + SITE_TABLE_SIZE +
                self.n_sites * SITE_ROW.size > self.size or
                self.data + OVERHEAD > self.size):
            raise Damage("pool %s: the sizes in its header make no sense" %
                         self.name)
        if self.manager_id not in MANAGERS:
            raise Damage("pool %s has manager number %d, which this kmem.py "
                         "does not know" % (self.name, self.manager_id))
        self.manager = MANAGERS[self.manager_id](self)
        return self

    def forget(self):
        self.pieces.clear()

    def _piece(self, n):
        if n not in self.pieces:
            if len(self.pieces) > 64:
                self.forget()
            begin = n * PIECE
            length = min(PIECE, self.size - begin)
            try:
                self.pieces[n] = bytes(gdb.selected_inferior().read_memory(
                    self.address + begin, length))
            except gdb.MemoryError:
                raise Damage("pool %s: cannot read %d bytes at %#x (of a "
                             "core: was it written with shared mappings?)" %
                             (self.name, length, self.address + begin))
        return self.pieces[n]

    def read(self, off, length):
        if off < 0 or length < 0 or off + length > self.size:
            raise Damage("pool %s: %d bytes at offset %#x are outside" %
                         (self.name, length, off))
        out = b""
        while length > 0:
            piece = self._piece(off // PIECE)[off % PIECE:][:length]
            out += piece
            off += len(piece)
            length -= len(piece)
        return out

    def _text(self, off):
        if off >= self.size:
            return "?"
        return text_of(self.read(off, min(TEXT_MAX, self.size - off)))

    def site(self, number):
        """core: a.c: f(12)"""
        if number not in self.sites:
            self.sites[number] = self._site(number)
        return self.sites[number]

    def _site(self, number):
        if not 0 < number < self.n_sites:
            return "?"
        state, _, line, path, func, module = SITE_ROW.unpack(self.read(
            self.site_rows + SITE_TABLE_SIZE + number * SITE_ROW.size,
            SITE_ROW.size))
        if state != SITE_READY:
            return "?"
        return "%s: %s: %s(%d)" % (self._text(module), self._text(path),
                                   self._text(func), line)

    def owner_text(self, number):
        if number >= self.n_slots:
            return "?"
        state, pid, _, _, _, name = SLOT.unpack(self.read(
            self.slots + number * SLOT.size, SLOT.size))
        dead = " (dead)" if SLOT_STATES[min(state, 2)] == "dead" else ""
        return "%d %s%s" % (pid, text_of(name), dead)

    def line(self, number, block):
        address = self.base + block.off
        if block.is_free:
            return "%6d. F address=%#x room=%d" % (number, address, block.room)
        return "%6d. N address=%#x size=%d room=%d owner=%s from %s" % (
            number, address, block.size, block.room,
            self.owner_text(block.owner), self.site(block.site))


def text_of(raw):
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")


def mappings():
    """Where pieces of the address space begin, in a process or a core."""
    try:
        text = gdb.execute("info proc mappings", to_string=True)
    except gdb.error:
        text = ""
    begins = set()
    for line in text.splitlines() + core_sections():
        words = line.split()
        if len(words) > 1 and words[0].startswith("0x"):
            begins.add(int(words[0], 16))
    return sorted(begins)


def core_sections():
    text = gdb.execute("info files", to_string=True)
    return [line.replace(" - ", " ") for line in text.splitlines()
            if " is load" in line]


def pools():
    found = []
    for address in mappings():
        try:
            found.append(Pool(address))
        except Damage:
            pass
    if not found:
        raise gdb.GdbError("no pool here: is this a process of kmemd, or a "
                           "core of one with its shared mappings?")
    return found


def own(word):
    """The pool that `pkg` or `shm` of this process is, or that of an
    address."""
    if word in KINDS:
        kind = KINDS.index(word)
        # Others are maps for reading that the supervisor has of its workers.
        for pool in pools():
            if pool.kind == kind and pool.address == pool.base:
                return pool.open()
        raise gdb.GdbError("there is no %s pool here" % word)
    address = int(gdb.parse_and_eval(word))
    for pool in pools():
        if address == pool.address:
            return pool.open()
    raise gdb.GdbError("no pool begins at %#x (kmem pools lists them)" %
                       address)


def split(arg, least, most, usage):
    words = gdb.string_to_argv(arg)
    if not least <= len(words) <= most:
        raise gdb.GdbError("usage: kmem " + usage)
    return words


def number(word):
    return int(gdb.parse_and_eval(word))


class Kmem(gdb.Command):
    """Look into the pools of kmemd: kmem pools, walk, find, top, check."""

    def __init__(self):
        super().__init__("kmem", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Verb(gdb.Command):
    """What all have in common: damage is an error of gdb."""

    def __init__(self):
        super().__init__("kmem " + self.usage.split()[0], gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        self.dont_repeat()
        try:
            self.run(*split(arg, self.least, self.most, self.usage))
        except Damage as damage:
            raise gdb.GdbError(damage.args[0])


class Pools(Verb):
    """kmem pools: every pool that is mapped here, with its accounts."""

    usage, least, most = "pools", 0, 0

    def run(self):
        for pool in pools():
            try:
                sums = pool.open().manager.sums()
            except Damage as damage:
                print("%#x: %s" % (pool.address, damage.args[0]))
                continue
            print("%#x %s (%s, %s): total=%d free=%d used=%d real_used=%d "
                  "max_used=%d fragments=%d blocks=%d%s" % (
                      pool.address, KINDS[pool.kind], pool.name,
                      pool.manager.name, pool.size, sums["free"],
                      sums["used"], pool.size - sums["free"],
                      sums["max_used"], sums["fragments"], sums["blocks"],
                      "" if pool.address == pool.base else
                      ", a view of pid %d" % pool.owner))


class Walk(Verb):
    """kmem walk pkg|shm|ADDRESS [FROM [COUNT]]: fragments, used and free."""

    usage, least, most = "walk pkg|shm|ADDRESS [FROM [COUNT]]", 1, 3

    def run(self, which, begin="0", count=None):
        pool = own(which)
        begin = number(begin)
        end = begin + number(count) if count is not None else None
        for i, block in enumerate(pool.manager.walk()):
            if end is not None and i >= end:
                break
            if i >= begin:
                print(pool.line(i, block))


class Find(Verb):
    """kmem find ADDRESS: the pool and the block that an address is in."""

    usage, least, most = "find ADDRESS", 1, 1

    def run(self, word):
        address = number(word)
        for pool in pools():
            if pool.base <= address < pool.base + pool.size:
                self.show(pool.open(), address - pool.base)
                return
        raise gdb.GdbError("%#x is in no pool" % address)

    def show(self, pool, off):
        print("%#x is in %s (%s), mapped at %#x" % (
            pool.base + off, KINDS[pool.kind], pool.name, pool.address))
        before = None
        for i, block in enumerate(pool.manager.walk()):
            if block.off > off:
                break
            before = i, block
        if before is None or off >= before[1].off + before[1].room:
            print("in no block: free, or the manager's")
            if before is not None:
                print("before it:" + pool.line(*before))
            return
        print(pool.line(*before))
        print("at byte %d of it" % (off - before[1].off))
        if not before[1].is_free:
            wrong = pool.manager.check(before[1])
            if wrong:
                print(wrong)


class Top(Verb):
    """kmem top pkg|shm|ADDRESS [COUNT]: the sites that hold most."""

    usage, least, most = "top pkg|shm|ADDRESS [COUNT]", 1, 2

    def run(self, which, count=str(SHOWN)):
        pool = own(which)
        sums = {}
        for block in pool.manager.walk():
            if not block.is_free:
                blocks, size = sums.get(block.site, (0, 0))
                sums[block.site] = blocks + 1, size + block.size
        order = sorted(sums.items(), key=lambda item: -item[1][1])
        for site, (blocks, size) in order[:number(count)]:
            print("count=%6d size=%10d bytes from %s" % (
                blocks, size, pool.site(site)))
        if len(order) > number(count):
            print("... and %d sites more" % (len(order) - number(count)))


class Check(Verb):
    """kmem check [pkg|shm|ADDRESS]: what was overwritten."""

    usage, least, most = "check [pkg|shm|ADDRESS]", 0, 1

    def run(self, which=None):
        chosen = [own(which)] if which else [
            pool for pool in pools() if pool.address == pool.base]
        for pool in chosen:
            self.check(pool.open())

    def check(self, pool):
        found = blocks = 0
        begin = None
        while True:
            try:
                for block in pool.manager.walk(begin):
                    wrong = pool.manager.check(block)
                    if wrong:
                        found += 1
                        print("%s: %s" % (pool.line(blocks, block), wrong))
                    blocks += 1
                break
            except Damage as damage:
                found += 1
                print("after %d fragments: %s" % (blocks, damage.args[0]))
                if len(damage.args) < 2:
                    break
                begin = pool.manager.resync(damage.args[1])
                if begin is None:
                    break
        print("%s (%s): %d fragments, %d findings" % (
            KINDS[pool.kind], pool.name, blocks, found))


for command in (Kmem, Pools, Walk, Find, Top, Check):
    command()
