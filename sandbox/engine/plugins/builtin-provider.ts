import { randomUUID } from "node:crypto";
import { urnType, type Urn } from "../resource/urn.js";
import { containsSecrets, equalValues, revealSecrets, unknownValue, type PropertyMap } from "../resource/values.js";
import {
  noDiff,
  type CheckResult,
  type DiffRequest,
  type DiffResult,
  type InvokeResult,
  type Provider,
  type ReadResult,
} from "./provider.js";

const stackReferenceType = "pulumi:pulumi:StackReference";
const stashType = "pulumi:index:Stash";

/** What the engine itself knows of stacks and resources. */
export interface EngineKnowledge {
  /** The outputs of a stack of this backend. @throws when there is none of that name */
  stackOutputs(name: string): Promise<PropertyMap>;
  /** A resource of this run. */
  resource(urn: Urn): { id: string; outputs: PropertyMap } | undefined;
}

/** The provider of package `pulumi`: stack references and stashes. */
export class BuiltinProvider implements Provider {
  constructor(private readonly knowledge: EngineKnowledge) {}

  checkConfig(_urn: Urn, _olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(): Promise<DiffResult> {
    return Promise.resolve(noDiff);
  }

  configure(): void {
    // Nothing to configure.
  }

  check(urn: Urn, _olds: PropertyMap | undefined, news: PropertyMap): Promise<CheckResult> {
    const required = this.requiredProperty(urn);
    const unknown = Object.keys(news).find((key) => key !== required);
    const failures =
      unknown !== undefined
        ? [{ property: unknown, reason: `unknown property "${unknown}"` }]
        : news[required] === undefined
          ? [{ property: required, reason: `missing required property "${required}"` }]
          : [];
    return Promise.resolve({ inputs: news, failures });
  }

  private requiredProperty(urn: Urn): string {
    const type = urnType(urn);
    if (type === stackReferenceType) return "name";
    if (type === stashType) return "input";
    throw new Error(`unrecognized resource type '${type}'`);
  }

  diff({ urn, oldInputs, newInputs }: DiffRequest): Promise<DiffResult> {
    const key = this.requiredProperty(urn);
    if (equalValues(oldInputs[key], newInputs[key])) return Promise.resolve(noDiff);
    return Promise.resolve(
      key === "name"
        ? { ...noDiff, changes: true, replaceKeys: [key] }
        : { ...noDiff, changes: true, changedKeys: [key] },
    );
  }

  async create(
    urn: Urn,
    inputs: PropertyMap,
    _timeout: number,
    preview: boolean,
  ): Promise<{ id: string; outputs: PropertyMap }> {
    const outputs =
      urnType(urn) === stashType
        ? { input: inputs.input ?? null, output: inputs.input ?? null }
        : await this.readStackReference(inputs);
    return { id: preview ? "" : randomUUID(), outputs };
  }

  update({ oldOutputs, newInputs }: DiffRequest): Promise<PropertyMap> {
    return Promise.resolve({ input: newInputs.input ?? null, output: oldOutputs.output ?? null });
  }

  async read(urn: Urn, id: string, inputs: PropertyMap | undefined, state: PropertyMap): Promise<ReadResult> {
    if (urnType(urn) === stashType) return { id, inputs, outputs: state };
    if (inputs?.name === undefined) throw new Error("stack reference can not be imported");
    return { id, inputs, outputs: await this.readStackReference(inputs) };
  }

  private async readStackReference(inputs: PropertyMap): Promise<PropertyMap> {
    const name = revealSecrets(inputs.name ?? null);
    if (name === unknownValue) return { name, outputs: unknownValue, secretOutputNames: unknownValue };
    if (typeof name !== "string") throw new Error('property "name" must be a string');
    const outputs = await this.knowledge.stackOutputs(name);
    const secretOutputNames = Object.keys(outputs)
      .filter((key) => containsSecrets(outputs[key] ?? null))
      .sort();
    return { name, outputs, secretOutputNames };
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  async invoke(token: string, args: PropertyMap): Promise<InvokeResult> {
    if (token === "pulumi:pulumi:readStackOutputs")
      return { properties: await this.readStackReference(args), failures: [] };
    if (token === "pulumi:pulumi:getResource") {
      const urn = String(args.urn);
      const resource = this.knowledge.resource(urn);
      if (!resource) throw new Error(`unknown resource ${urn}`);
      return { properties: { urn, id: resource.id, state: resource.outputs }, failures: [] };
    }
    throw new Error(`unrecognized function name: '${token}'`);
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // Nothing to close.
  }
}
