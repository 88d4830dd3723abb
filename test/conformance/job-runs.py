"""Runs: started, waited for, listed, cancelled, submitted once for one token."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.compute import ClusterSpec
from databricks.sdk.service.jobs import NotebookTask, RunResultState, SubmitTask, Task

w = WorkspaceClient()
spec = ClusterSpec(spark_version="15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=1)
notebook = NotebookTask(notebook_path="/Shared/etl")
job = w.jobs.create(name="runs", tasks=[Task(task_key="one", notebook_task=notebook, new_cluster=spec)]).job_id
run = w.jobs.run_now(job).result()
assert run.state.result_state == RunResultState.SUCCESS, run.state
assert run.run_page_url.startswith(w.config.host) and str(run.run_id) in run.run_page_url, run.run_page_url
assert run.tasks[0].run_page_url.endswith(f"/run/{run.tasks[0].run_id}"), run.tasks[0].run_page_url
assert run.job_id == job and [one.task_key for one in run.tasks] == ["one"]

first = w.jobs.run_now(job, idempotency_token="once").run_id
assert w.jobs.run_now(job, idempotency_token="once").run_id == first
w.jobs.cancel_run(first).result()
assert w.jobs.get_run(first).state.result_state == RunResultState.CANCELED
assert {one.run_id for one in w.jobs.list_runs(job_id=job)} == {run.run_id, first}
repaired = w.jobs.repair_run(first, rerun_tasks=["one"]).result()
assert repaired.state.result_state == RunResultState.SUCCESS, repaired.state
history = w.jobs.get_run(first, include_history=True).repair_history
assert [attempt.type.value for attempt in history] == ["ORIGINAL", "REPAIR"], history
try:
    w.jobs.repair_run(first, rerun_tasks=["one"])
    raise AssertionError("repaired without naming the repair before")
except InvalidParameterValue:
    pass
submitted = w.jobs.submit(
    run_name="submitted", tasks=[SubmitTask(task_key="one", notebook_task=notebook, new_cluster=spec)]
).result()
assert submitted.state.result_state == RunResultState.SUCCESS
w.jobs.delete_run(run.run_id)

several = w.jobs.create(
    name="several",
    tasks=[Task(task_key=key, notebook_task=notebook, new_cluster=spec) for key in ("one", "two")],
).job_id
run = w.jobs.run_now(several, only=["two"]).result()
assert [one.task_key for one in run.tasks] == ["two"]
assert w.jobs.get_run_output(run.tasks[0].run_id).error is None
