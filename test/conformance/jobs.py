"""Jobs: many pages, many tasks, every trigger, ids beyond 2^53."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.compute import ClusterSpec
from databricks.sdk.service.jobs import (
    Continuous,
    CronSchedule,
    FileArrivalTriggerConfiguration,
    ForEachTask,
    JobCluster,
    JobSettings,
    NotebookTask,
    PauseStatus,
    RunJobTask,
    Task,
    TaskDependency,
    TriggerSettings,
)

w = WorkspaceClient()
spec = ClusterSpec(spark_version="15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=1)
notebook = NotebookTask(notebook_path="/Shared/etl")


def task(key, **rest):
    return Task(task_key=key, notebook_task=notebook, job_cluster_key="main", **rest)


chain = [task("t0")] + [task(f"t{n}", depends_on=[TaskDependency(task_key=f"t{n - 1}")]) for n in range(1, 150)]
large = w.jobs.create(
    name="large", tasks=chain, job_clusters=[JobCluster(job_cluster_key="main", new_cluster=spec)]
).job_id
assert large > 2**53, large
got = w.jobs.get(large)
assert [one.task_key for one in got.settings.tasks] == [f"t{n}" for n in range(150)], len(got.settings.tasks)

triggered = {
    "schedule": {"schedule": CronSchedule("0 0 6 * * ?", "Europe/Berlin", PauseStatus.PAUSED)},
    "trigger": {"trigger": TriggerSettings(file_arrival=FileArrivalTriggerConfiguration(url="abfss://a@b.dfs.core.windows.net/"))},
    "continuous": {"continuous": Continuous(pause_status=PauseStatus.PAUSED)},
}
for name, fields in triggered.items():
    job = w.jobs.create(
        name=name, tasks=[task("one")], job_clusters=[JobCluster(job_cluster_key="main", new_cluster=spec)], **fields
    ).job_id
    settings = w.jobs.get(job).settings
    assert getattr(settings, name) is not None, settings
assert settings.continuous.pause_status == PauseStatus.PAUSED
nested = w.jobs.create(
    name="nested",
    tasks=[
        Task(
            task_key="loop",
            for_each_task=ForEachTask(
                inputs="[1,2]", task=Task(task_key="each", run_job_task=RunJobTask(job_id=large))
            ),
        )
    ],
).job_id
assert w.jobs.get(nested).settings.tasks[0].for_each_task.task.run_job_task.job_id == large

made = [w.jobs.create(name=f"job {n // 2}", tasks=[]).job_id for n in range(220)]
listed = [job.job_id for job in w.jobs.list(limit=100)]
assert len(listed) == len(set(listed)) == 225 and set(made) < set(listed), len(listed)
assert len(list(w.jobs.list(name="job 3"))) == 2
expanded = [job for job in w.jobs.list(expand_tasks=True, name="large")]
assert [len(job.settings.tasks) for job in expanded if job.job_id == large][-1] == 150, expanded

w.jobs.update(made[0], new_settings=JobSettings(name="renamed", max_concurrent_runs=5))
assert w.jobs.get(made[0]).settings.max_concurrent_runs == 5
w.jobs.reset(made[0], JobSettings(name="reset"))
assert w.jobs.get(made[0]).settings.max_concurrent_runs in (None, 1)
w.jobs.delete(made[0])
try:
    w.jobs.get(made[0])
    raise AssertionError("still there")
except DatabricksError as error:
    assert error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"), error
