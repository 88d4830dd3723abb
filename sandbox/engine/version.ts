/** The Pulumi version whose protocols and state format the stand-in speaks; clients check it against their own. */
export const engineVersion = "3.247.0";

/** Tells the stand-in from Pulumi's own CLI; no real version has this build tag. */
export const standInVersion = `v${engineVersion}+stand-in`;
