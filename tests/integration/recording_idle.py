"""Which waits of a recording are idle, by the rules that analyzer/idle.h states in words.

Fed with a recording's operations in the order in which they were recorded; sets `idle` of each, of a first one at a
place when the thread comes back there.
"""
EVENT_LOOPS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "accept", "accept4", "pause", "rt_sigsuspend",
               "rt_sigtimedwait"}
SLEEPS = {"nanosleep", "clock_nanosleep"}
POLLS = {"poll", "ppoll", "select", "pselect6"}
WORK_WAITS = {"cond", "semaphore", "futex"}
LOCKS = {"mutex", "rwlock read", "rwlock write", "spin"}
VISITS = 4


class Thread:
    def __init__(self):
        self.place, self.depth, self.first, self.visits = None, 0, None, (None, 0)
        self.awaited = None
        self.holds_locks = False


class IdleRule:
    def __init__(self, recording):
        self.recording, self.threads = recording, {}

    def thread(self, pid, tid):
        return self.threads.setdefault((pid, tid), Thread())

    def released(self, pid, tid, kind, is_lock_like):
        """The thread released what others waited for."""
        self.thread(pid, tid).holds_locks |= kind in LOCKS or is_lock_like

    def can_be_habit(self, op, thread):
        if op.call:
            return op.call in POLLS | SLEEPS and not (op.call in SLEEPS and thread.holds_locks)
        return op.kind in WORK_WAITS and op.pid != op.tid and not op.is_lock_like

    def give_up_first(self, thread, place):
        """The outermost place has not been come back to; another one has, often enough."""
        if not thread.first:
            return False
        if not thread.first.call and self.recording.lock_like.get((thread.first.pid, thread.first.object)):
            return True
        thread.visits = (place, thread.visits[1] + 1 if thread.visits[0] == place else 1)
        return thread.visits[1] >= VISITS

    def add(self, op):
        thread = self.thread(op.pid, op.tid)
        frames = self.recording.stacks.get(op.own_stack) if op.stack else None
        place = (op.kind, tuple(frames)) if frames else None
        op.idle = False
        if op.call in EVENT_LOOPS:
            op.idle = True
        elif place and self.can_be_habit(op, thread):
            self.habit(op, thread, place, len(frames))
        elif place and self.is_there(op, thread, place, len(frames)):
            self.threads[(op.pid, op.tid)] = forgotten = Thread()
            forgotten.holds_locks = thread.holds_locks

    def is_there(self, op, thread, place, depth):
        """At the outermost place, or as deep and for the same object."""
        return place == thread.place or (not op.call and bool(op.object) and depth == thread.depth and
                                         (op.kind, op.object) == thread.awaited)

    def habit(self, op, thread, place, depth):
        if op.summary:
            op.idle = self.is_there(op, thread, place, depth) and not thread.first
        elif self.is_there(op, thread, place, depth):
            op.idle = True
            if thread.first:
                thread.first.idle, thread.first = True, None
        elif op.open:
            op.idle = thread.place is None or depth <= thread.depth
        elif thread.place is None or depth < thread.depth or self.give_up_first(thread, place):
            thread.place, thread.depth, thread.first, thread.visits = place, depth, op, (None, 0)
            thread.awaited = None if op.call else (op.kind, op.object)
