"""Threads for an interpreter that has none: tasks run inline, one after the other, at the moment they are started.

Waiting is still parallel. What a task waits for (time.sleep, a mount that takes a second) is not slept through at once
but noted, and laid on the first free lane of the pool that runs the task; whoever asks for the task's result sleeps
until that lane would have come to its end. So 25 mounts of a second each take 25 s one by one and 2 s in a pool of 16.
"""

import concurrent.futures
import concurrent.futures.thread
import heapq
import sys
import threading
import time
import types

_real_time = time.monotonic
_sleep = time.sleep
_tasks = []


def use_sleep(sleep):
    global _sleep
    _sleep = sleep


def pause(seconds):
    """Sleeps, or, inside a task, notes that the task sleeps."""
    if seconds <= 0:
        return
    if _tasks:
        _tasks[-1].waited += seconds
    else:
        _sleep(seconds)


class _Task:
    def __init__(self):
        self.waited = 0.0

    def __enter__(self):
        _tasks.append(self)
        return self

    def __exit__(self, *_):
        _tasks.remove(self)


class _Lanes:
    def __init__(self, count):
        self._free_at = [0.0] * max(1, count)

    def run(self, fn, args, kwargs):
        """Runs the task and says when it would have ended, and with what."""
        outcome = error = None
        with _Task() as task:
            try:
                outcome = fn(*args, **kwargs)
            except Exception as raised:
                error = raised
        ends_at = max(_real_time(), heapq.heappop(self._free_at)) + task.waited
        heapq.heappush(self._free_at, ends_at)
        return ends_at, outcome, error

    def pause_until_idle(self):
        pause(max(self._free_at) - _real_time())


class InlineFuture(concurrent.futures.Future):
    ends_at = 0.0

    def result(self, timeout=None):
        self._pause(timeout)
        return super().result(0)

    def exception(self, timeout=None):
        self._pause(timeout)
        return super().exception(0)

    def _pause(self, timeout):
        left = self.ends_at - _real_time()
        if timeout is not None and left > timeout:
            pause(timeout)
            raise TimeoutError()
        pause(left)


class ThreadPoolExecutor(concurrent.futures.Executor):
    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=(), **_):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        self._max_workers = max_workers or 8
        self._lanes = _Lanes(self._max_workers)
        self._closed = False
        if initializer:
            initializer(*initargs)

    def submit(self, fn, /, *args, **kwargs):
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = InlineFuture()
        future.set_running_or_notify_cancel()
        future.ends_at, outcome, error = self._lanes.run(fn, args, kwargs)
        if error is None:
            future.set_result(outcome)
        else:
            future.set_exception(error)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._closed = True
        if wait:
            self._lanes.pause_until_idle()


class Thread(threading.Thread):
    _ends_at = None

    def start(self):
        if self._ends_at is not None:
            raise RuntimeError("threads can only be started once")
        self._ends_at, _, error = _Lanes(1).run(self.run, (), {})
        if error is not None and not isinstance(error, SystemExit):
            args = (type(error), error, error.__traceback__, self)
            threading.excepthook(threading.ExceptHookArgs(args))

    def join(self, timeout=None):
        if self._ends_at is None:
            raise RuntimeError("cannot join thread before it is started")
        left = self._ends_at - _real_time()
        pause(left if timeout is None else min(left, timeout))

    def is_alive(self):
        return self._ends_at is not None and _real_time() < self._ends_at


class _AsyncResult:
    def __init__(self, future):
        self._future = future

    def get(self, timeout=None):
        return self._future.result(timeout)

    def wait(self, timeout=None):
        self._future.exception(timeout)

    def ready(self):
        return self._future.ends_at <= _real_time()

    def successful(self):
        return self._future.exception() is None


class ThreadPool:
    """multiprocessing.pool.ThreadPool, the part that code with a thread pool uses."""

    def __init__(self, processes=None, initializer=None, initargs=()):
        self._executor = ThreadPoolExecutor(processes, initializer=initializer, initargs=initargs)

    def apply_async(self, func, args=(), kwds=None, callback=None, error_callback=None):
        future = self._executor.submit(func, *args, **(kwds or {}))
        error = concurrent.futures.Future.exception(future, 0)
        if error is None and callback:
            callback(concurrent.futures.Future.result(future, 0))
        if error is not None and error_callback:
            error_callback(error)
        return _AsyncResult(future)

    def apply(self, func, args=(), kwds=None):
        return self.apply_async(func, args, kwds).get()

    def map(self, func, iterable, chunksize=None):
        return [future.result() for future in [self._executor.submit(func, item) for item in iterable]]

    def starmap(self, func, iterable, chunksize=None):
        return [future.result() for future in [self._executor.submit(func, *items) for items in iterable]]

    def imap(self, func, iterable, chunksize=None):
        return iter(self.map(func, iterable))

    imap_unordered = imap

    def close(self):
        pass

    terminate = close

    def join(self):
        self._executor.shutdown()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminate()


def install():
    """Puts the replacements where programs look for threads."""
    threading.Thread = Thread
    concurrent.futures.ThreadPoolExecutor = ThreadPoolExecutor
    concurrent.futures.thread.ThreadPoolExecutor = ThreadPoolExecutor
    time.sleep = pause
    multiprocessing = types.ModuleType("multiprocessing")
    multiprocessing.__path__ = []
    multiprocessing.cpu_count = lambda: 4
    for name, pool in (("pool", "ThreadPool"), ("dummy", "Pool")):
        module = types.ModuleType(f"multiprocessing.{name}")
        setattr(module, pool, ThreadPool)
        setattr(multiprocessing, name, module)
        sys.modules[module.__name__] = module
    sys.modules["multiprocessing"] = multiprocessing
