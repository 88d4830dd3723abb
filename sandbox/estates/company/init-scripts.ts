import type { EstateBuilder } from "../estate-builder.js";
import { plantedSecret } from "./platform.js";
import { SeededRandom } from "../seeded-random.js";

const folder = "/databricks/init";

/** About thirty scripts: the old folder, the places that clusters refer to, odd names, odd bytes, one beyond 1 MB. */
export function buildInitScripts(estate: EstateBuilder): void {
  const shell = (text: string): string => `#!/bin/bash\nset -e\n${text}\n`;
  for (const path of [folder, `${folder}/etl-main`, `${folder}/empty-folder`, "/init-scripts/nested/deep"])
    estate.call("POST", "/api/2.0/dbfs/mkdirs", { path });

  const legacy: Readonly<Record<string, string | Buffer>> = {
    "00-certificates.sh": shell("update-ca-certificates"),
    "10-hosts.sh": shell("echo 10.0.0.4 erp.internal >> /etc/hosts"),
    "etl-main/odbc.sh": shell("apt-get install -y unixodbc"),
    "etl-main/odbc.sh.bak": shell("apt-get install -y unixodbc-dev"),
    "with space.sh": shell("echo space"),
    "größe-日本.sh": shell("echo ünïcode"),
    "percent%20and#hash?.sh": shell("echo reserved"),
    "quote'and\"quote.sh": shell("echo quotes"),
    ".hidden": shell("echo hidden"),
    "no-extension": shell("echo none"),
    "UPPER.SH": shell("echo upper"),
    "upper.sh": shell("echo lower"),
    "-dash.sh": shell("echo dash"),
    "empty.sh": "",
    "crlf.sh": "#!/bin/bash\r\necho windows\r\n",
    "no-newline.sh": "#!/bin/bash\necho end",
    "latin1.sh": Buffer.from("#!/bin/bash\n# gr\u00fc\u00dfe\n", "latin1"),
    "tool.bin": new SeededRandom(11).bytes(4_096),
    "token.sh": shell(`export API_TOKEN=${plantedSecret("init-script-token")}`),
    "wheelhouse.sh": bigScript(),
  };
  for (const [name, content] of Object.entries(legacy)) estate.dbfsFile(`${folder}/${name}`, content);

  estate.dbfsFile(
    "/init-scripts/erp-driver.sh",
    shell("curl -sf https://erp.example.com/driver.jar -o /databricks/jars/erp.jar"),
  );
  estate.dbfsFile("/init-scripts/nested/deep/with space.sh", shell("echo nested"));
  estate.dbfsFile("/init-scripts/job-cluster.sh", shell("echo job cluster"));
  // Nobody refers to it and it is not in the old folder: not an init script, and not copied.
  estate.dbfsFile("/init-scripts/unused.sh", shell("echo unused"));

  estate.call("POST", "/api/2.0/workspace/mkdirs", { path: "/Shared/init" });
  estate.workspaceFile("/Shared/init/proxy.sh", shell("echo proxy=http://10.0.0.5:3128 >> /etc/environment"));
  estate.workspaceFile("/Shared/init/größe & co.sh", shell("echo workspace"));
  estate.workspaceFile("/Shared/init/job.sh", shell("echo job"));

  estate.call("POST", "/api/2.1/unity-catalog/catalogs", { name: "main" });
  estate.call("POST", "/api/2.1/unity-catalog/schemas", { name: "platform", catalog_name: "main" });
  estate.call("POST", "/api/2.1/unity-catalog/volumes", {
    name: "scripts",
    catalog_name: "main",
    schema_name: "platform",
    volume_type: "MANAGED",
  });
  estate.calls.push({
    method: "PUT",
    path: "/api/2.0/fs/files/Volumes/main/platform/scripts/volume-init.sh?overwrite=true",
    body: shell("echo volume"),
  });
}

/** A script with its archive inside, as self-extracting installers are: more than one block of DBFS. */
function bigScript(): string {
  const line = "QmFzZTY0IG9mIGEgd2hlZWwgdGhhdCBpcyBjYXJyaWVkIGFsb25nIHdpdGggdGhlIHNjcmlwdCBpdHNlbGYu\n";
  return `#!/bin/bash\nsed '1,/^__ARCHIVE__$/d' "$0" | base64 -d | tar xz -C /databricks\nexit 0\n__ARCHIVE__\n${line.repeat(13_000)}`;
}
