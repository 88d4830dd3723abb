"""Libraries on clusters."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.compute import Library, MavenLibrary, PythonPyPiLibrary

w = WorkspaceClient()
cluster = w.clusters.create(
    cluster_name="libraries", spark_version="15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=1
).result()
wanted = [
    Library(pypi=PythonPyPiLibrary(package="simplejson==3.19.2")),
    Library(maven=MavenLibrary(coordinates="org.jsoup:jsoup:1.7.2", exclusions=["slf4j:slf4j"])),
    Library(jar="dbfs:/FileStore/jars/a.jar"),
]
w.libraries.install(cluster.cluster_id, wanted)
statuses = list(w.libraries.cluster_status(cluster.cluster_id))
assert [status.library.as_dict() for status in statuses] == [library.as_dict() for library in wanted], statuses
w.libraries.uninstall(cluster.cluster_id, wanted[:1])
assert any(one.cluster_id == cluster.cluster_id for one in w.libraries.all_cluster_statuses())
w.clusters.restart(cluster.cluster_id).result()
left = [status.library.as_dict() for status in w.libraries.cluster_status(cluster.cluster_id)]
assert left == [library.as_dict() for library in wanted[1:]], left
