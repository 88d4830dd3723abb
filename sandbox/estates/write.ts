import { writeFile } from "node:fs/promises";
import { estateText } from "./estate-text.js";
import { companyEstate } from "./company/company.js";
import { guideEstate } from "./guide.js";
import { standbyEstate } from "./standby.js";

/** The estates that are kept as files: `npx tsx sandbox/estates/write.ts` writes them anew. */
const estates = { company: companyEstate, guide: guideEstate, standby: standbyEstate };

for (const [name, build] of Object.entries(estates))
  await writeFile(new URL(`./${name}.json`, import.meta.url), estateText(build()));
