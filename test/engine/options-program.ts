/** A program that uses every option of a resource, over several steps. STEP says which. */
export const optionsProgram = `
const text = new pulumi.asset.StringAsset("asset text " + (step > 1 ? "changed" : ""));
pulumi.runtime.registerStackTransformation;
const provider = new pulumi.ProviderResource("test", "regional", { region: "west", secretKey: config.requireSecret("password") }, { version: "1.2.3" });
const box = step < 2 ? new Box("box") : new Box("crate", { aliases: [{ name: "box" }] });
const prefix = step < 2 ? "box" : "crate";

const plain = new Thing("plain", { key: "k", size: step, comment: "c" + step, text });
const explicit = new Thing("explicit", { key: "k" }, { provider });
const child = new Thing(prefix + "-child", { key: "k", from: plain.computed }, { parent: box, dependsOn: [explicit] });
const grandchild = new Dynamic(prefix + "-dynamic", { value: child.self }, { parent: child });

const guarded = new Thing("guarded", { key: "k" }, { protect: step < 3 });
const retained = new Thing("retained", { key: step < 1 ? "a" : "b" }, { retainOnDelete: true });
const replaced = new Thing("replaced", { key: step < 1 ? "a" : "b", autoName: true });
const deletedFirst = new Thing("deleted-first", { key: step < 1 ? "a" : "b", deleteFirst: true });
const dependent = new Thing("dependent", { key: deletedFirst.self });
const indifferent = new Thing("indifferent", { key: "k", other: deletedFirst.computed });
const forcedFirst = new Thing("forced-first", { key: step < 1 ? "a" : "b" }, { deleteBeforeReplace: true });
const onChange = new Thing("on-change", { key: "k", deep: { value: step < 1 ? 1 : 2 } }, { replaceOnChanges: ["deep.value", "deep"] });
const ignoring = new Thing("ignoring", { key: "k", keep: { this: step, that: 1 }, size: step }, { ignoreChanges: ["keep.this", "size"] });
const secretive = new Thing("secretive", { key: "k", hidden: "h", nested: { password: config.requireSecret("password") } }, { additionalSecretOutputs: ["hidden"] });
const slow = new Thing("slow", { key: "k", size: step }, { customTimeouts: { create: "1m30s", update: "5m", delete: "2s" } });
const withOther = new Thing("with-other", { key: "k" }, { deletedWith: replaced });
const renamed = step < 1 ? new Thing("old-name", { key: "k" }) : new Thing("new-name", { key: "k" }, { aliases: [{ name: "old-name" }] });
const moved = step < 1 ? new Thing("moved", { key: "k" }) : new Thing("moved", { key: "k" }, { parent: box, aliases: [{ parent: pulumi.rootStackResource }] });
const transformed = new Thing("transformed", { key: "k", size: 5 }, { transforms: [async ({ props, opts }) => ({ props: { ...props, added: plain.computed }, opts: { ...opts, dependsOn: [explicit] } })] });
const imported = new Thing("imported", { key: "imported-key", size: 7 }, { import: "existing" });
const read = Thing.get("read", "existing");
if (step < 1) new Thing("short-lived", { key: plain.self });
if (step > 1) new Thing("late", { key: "k", unset: undefined, nothing: null, empty: "", list: [], big: 9007199254740991, float: 1.5, yes: true }, { parent: box });

const answer = pulumi.runtime.invoke("test:index:ask", { question: "why?", secret: config.requireSecret("password") }, { version: "1.2.3" });
const output = pulumi.output(answer);
const peer = new pulumi.StackReference("organization/p/peer");

exports.answer = output.answered;
exports.unknownAtFirst = replaced.self;
exports.fromPeer = peer.getOutput("shared");
exports.peerSecret = peer.getOutput("password");
exports.resource = plain;
exports.step = step;
`;

export const peerProgram = `
exports.shared = { from: "peer" };
exports.password = config.requireSecret("password");
`;
