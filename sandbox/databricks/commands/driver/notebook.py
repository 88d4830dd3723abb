"""Runs the commands of one execution context as a notebook does, and shapes results as the 1.2 API does.

https://docs.databricks.com/api/workspace/commandexecution/commandstatus
"""

import ast
import contextlib
import gc
import html
import io
import json
import linecache
import os
import shutil
import sys
import traceback

import databricks_utilities
import inline_threads

_first_globals = {"__name__": "__main__", "__builtins__": __builtins__}
_globals = dict(_first_globals)
_before = None
_count = 0
_table = None


def start(host, sleep):
    """Called once the interpreter has its way out to the workspace."""
    global _before
    _before = set(sys.modules), set(sys.modules["__main__"].__dict__), dict(os.environ), list(sys.path), os.getcwd()
    _begin(host, sleep)


def reset(host, sleep):
    """Begins a new context: of what the one before had, nothing is seen but what it did to the library's own modules."""
    global _count, _table
    modules, names, environment, path, folder = _before
    _count, _table = 0, None
    _globals.clear()
    _globals.update(_first_globals)
    main = sys.modules["__main__"].__dict__
    for name in set(main) - names:
        del main[name]
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    os.chdir(folder)
    for scratch in ("/tmp", folder):
        for entry in os.scandir(scratch):
            shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.remove(entry.path)
    linecache.clearcache()
    databricks_utilities.forget_secrets()
    gc.collect()
    _begin(host, sleep)


def _begin(host, sleep):
    inline_threads.use_sleep(lambda seconds: sleep(seconds * 1000))
    inline_threads.install()
    databricks_utilities.connect(host)
    dbutils, spark = databricks_utilities.DBUtils(), databricks_utilities.Spark()
    _globals.update(dbutils=dbutils, spark=spark, display=_display)
    databricks_utilities.install(dbutils, spark)
    sys.modules["__main__"].__dict__.update(_globals)


def _display(value):
    """Shows rows (of dbutils.fs.ls, mounts ...) as a table, anything else as text."""
    global _table
    rows = value if isinstance(value, list) else None
    if rows and all(hasattr(row, "_fields") for row in rows):
        _table = {
            "resultType": "table",
            "schema": [{"name": name, "type": '"string"', "metadata": "{}"} for name in rows[0]._fields],
            "data": [[None if cell is None else cell for cell in row] for row in rows],
            "truncated": False,
            "isJsonSchema": True,
        }
    else:
        print(value)


def _unindented(code):
    """IPython takes a cell that is indented as a whole; Databricks' own SDK sends such commands."""
    lines = code.splitlines(True)
    while lines and not lines[0].strip():
        lines.pop(0)
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""
    return "".join(line.removeprefix(indent) for line in lines)


def _evaluate(code, name):
    """Runs the statements; of a last expression, gives what a notebook shows for it."""
    if code.startswith("%python"):
        code = code.partition("\n")[2]
    if code.startswith(("%", "!")):
        raise NotImplementedError(f"the sandbox does not emulate {code.split(None, 1)[0]}")
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), _globals)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), name, "eval"), _globals)


def _failure(error, name):
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    while frames and frames[0].filename != name:
        frames.pop(0)
    lines = ["-" * 75, f"{kind:<41} Traceback (most recent call last)"]
    for frame in frames:
        lines.append(f"File {frame.filename}:{frame.lineno}, in {frame.name}")
        lines.append(f"----> {frame.lineno} {frame.line or ''}")
    lines += ["", "".join(traceback.format_exception_only(error)).rstrip()]
    return {
        "resultType": "error",
        "summary": f'<span class="ansi-red-fg">{kind}</span>: {html.escape(str(error), quote=False)}',
        "cause": "\n".join(lines),
    }


def _redacted(value):
    if isinstance(value, str):
        return databricks_utilities.redact(value)
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    return value


def run(code):
    """Runs one command; gives its `results` as JSON, or `"cancelled"`."""
    try:
        return json.dumps(_redacted(_run(code)))
    except KeyboardInterrupt:
        return json.dumps("cancelled")


def _run(code):
    global _count, _table
    _count += 1
    _table = None
    name = f"<command-{_count}>"
    code = _unindented(code)
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            shown = _evaluate(code, name)
        text = output.getvalue()
        if shown is not None:
            text += f"Out[{_count}]: {shown!r}"
        results = _table or {"resultType": "text", "data": text.removesuffix("\n")}
    except databricks_utilities.NotebookExit as done:
        results = {"resultType": "text", "data": done.value}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        results = _failure(error, name)
    return results
