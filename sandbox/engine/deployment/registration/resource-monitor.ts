import * as grpc from "@grpc/grpc-js";
import { randomUUID } from "node:crypto";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import providers from "@pulumi/pulumi/proto/provider_pb.js";
import type { InvokeResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import resources from "@pulumi/pulumi/proto/resource_pb.js";
import type {
  ReadResourceRequest,
  RegisterPackageRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  ResourceInvokeRequest,
  SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb.js";
import { organization } from "../../backend/stack-reference.js";
import type { Config } from "../../config/stack-config.js";
import { setProviderVersion } from "../../plugins/provider-registry.js";
import type { Provider } from "../../plugins/provider.js";
import { projectPosition, projectStackTrace } from "../../program/source-position.js";
import { hashAssets } from "../../resource/assets.js";
import { isProviderType, isRootStackType, tokenPackage, type Urn } from "../../resource/urn.js";
import {
  containsUnknowns,
  downgradeOutputs,
  mapEntries,
  unknownValue,
  type PropertyMap,
} from "../../resource/values.js";
import { fromStruct, toStruct, type Handler } from "../../rpc/messages.js";
import { DefaultProviders, setProviderDownloadUrl, type PackageRequest } from "./default-providers.js";
import { goalFrom } from "./goal-request.js";
import type { Goal, ReadGoal, RegistrationResult } from "./goal.js";
import { CallbackClients, runInvokeTransforms, runTransforms, transformOptions } from "./transforms.js";

const Feature = resources.ResourceMonitorFeature;
const features = [
  ["secrets", Feature.RESOURCE_MONITOR_FEATURE_SECRETS],
  ["resourceReferences", Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES],
  ["outputValues", Feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES],
  ["aliasSpecs", Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS],
  ["deletedWith", Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH],
  ["replaceWith", Feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH],
  ["transforms", Feature.RESOURCE_MONITOR_FEATURE_TRANSFORMS],
  ["invokeTransforms", Feature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS],
  ["parameterization", Feature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION],
] as const;

/** What the monitor passes on to the deployment. Each rejects with `MonitorShutdown` once that has stopped. */
export interface MonitorTarget {
  register(goal: Goal): Promise<RegistrationResult>;
  read(goal: ReadGoal): Promise<RegistrationResult>;
  registerOutputs(urn: Urn, outputs: PropertyMap): Promise<void>;
  /** The running provider of a reference. */
  provider(reference: string): Promise<Provider>;
  /** The program has registered all that it will; resolves when the deployment is over. */
  programFinished(): Promise<void>;
}

export interface MonitorContext {
  project: string;
  projectDirectory: string;
  programDirectory: string;
  stack: string;
  config: Config;
  dryRun: boolean;
  parallel: number;
}

/** Pulumi's ResourceMonitor service: what a program calls. */
export class ResourceMonitor {
  private readonly callbacks = new CallbackClients();
  private readonly stackTransforms: Callback[] = [];
  private readonly invokeTransforms: Callback[] = [];
  private readonly resourceTransforms = new Map<Urn, readonly Callback[]>();
  private readonly parents = new Map<Urn, Urn>();
  private readonly goals = new Map<Urn, Goal>();
  private readonly componentProviders = new Map<Urn, Map<string, string>>();
  private readonly packages = new Map<string, PackageRequest>();
  private readonly defaults: DefaultProviders;

  constructor(
    private readonly context: MonitorContext,
    private readonly target: MonitorTarget,
  ) {
    this.defaults = new DefaultProviders(context.config, (goal) => target.register(goal));
  }

  close(): void {
    this.callbacks.close();
  }

  /** One handler for each method of the service. */
  get handlers(): Record<string, Handler> {
    const none = new empty.Empty();
    return {
      getDeploymentInfo: () => this.deploymentInfo(),
      supportsFeature: (request: SupportsFeatureRequest) =>
        new resources.SupportsFeatureResponse().setHassupport(features.some(([id]) => id === request.getId())),
      registerResource: (request: RegisterResourceRequest) => this.registerResource(request),
      registerResourceOutputs: async (request: RegisterResourceOutputsRequest) => {
        const outputs = hashAssets(fromStruct(request.getOutputs()), this.context.programDirectory);
        await this.target.registerOutputs(request.getUrn(), downgradeOutputs(outputs));
        return none;
      },
      readResource: (request: ReadResourceRequest) => this.readResource(request),
      invoke: (request: ResourceInvokeRequest) => this.invoke(request),
      registerPackage: (request: RegisterPackageRequest) => this.registerPackage(request),
      registerStackTransform: (callback: Callback) => {
        this.stackTransforms.push(callback);
        return none;
      },
      registerStackInvokeTransform: (callback: Callback) => {
        this.invokeTransforms.push(callback);
        return none;
      },
      signalAndWaitForShutdown: async () => {
        await this.target.programFinished();
        return none;
      },
      call: () => this.refuse("method calls on remote components"),
      streamInvoke: () => this.refuse("streamed function calls"),
      registerResourceHook: () => this.refuse("resource hooks"),
      registerErrorHook: () => this.refuse("error hooks"),
    };
  }

  private refuse(what: string): never {
    throw new Error(`the stand-in engine does not implement ${what}; install the Pulumi CLI to use them`);
  }

  private deploymentInfo(): InstanceType<typeof resources.DeploymentInfo> {
    const { project, stack, config, dryRun, parallel } = this.context;
    const info = new resources.DeploymentInfo()
      .setProject(project)
      .setStack(stack)
      .setOrganization(organization)
      .setDryrun(dryRun)
      .setParallel(parallel)
      .setSupportedfeaturesList(features.map(([, feature]) => feature))
      .setConfigsecretkeysList([...config].flatMap(([key, { secret }]) => (secret ? [key] : [])));
    for (const [key, { value }] of config) info.getConfigMap().set(key, value);
    return info;
  }

  private packageRequest(token: string, reference: string, version: string, downloadUrl: string): PackageRequest {
    if (!reference) return { name: tokenPackage(token), version, downloadUrl };
    const known = this.packages.get(reference);
    if (!known) throw new Error(`unknown provider package '${reference}'`);
    return known;
  }

  private registerPackage(request: RegisterPackageRequest): InstanceType<typeof resources.RegisterPackageResponse> {
    if (request.hasParameterization()) this.refuse("parameterized packages");
    const wanted = { name: request.getName(), version: request.getVersion(), downloadUrl: request.getDownloadUrl() };
    for (const [reference, known] of this.packages)
      if (JSON.stringify(known) === JSON.stringify(wanted))
        return new resources.RegisterPackageResponse().setRef(reference);
    const reference = randomUUID();
    this.packages.set(reference, wanted);
    return new resources.RegisterPackageResponse().setRef(reference);
  }

  /** What a child takes over from its parent when it does not say itself. */
  private inherit(request: RegisterResourceRequest): void {
    const parent = this.goals.get(request.getParent());
    if (!parent) return;
    if (!request.getDeletedwith()) request.setDeletedwith(parent.deletedWith);
    if (!request.hasProtect() && parent.protect) request.setProtect(true);
    if (!request.hasRetainondelete() && parent.retainOnDelete) request.setRetainondelete(true);
  }

  private resolveProvider(request: RegisterResourceRequest): string {
    const name = tokenPackage(request.getType());
    return (
      request.getProvider() ||
      (request.getProvidersMap().get(name) ?? this.componentProviders.get(request.getParent())?.get(name) ?? "")
    );
  }

  /** A resource's own transforms first, then its ancestors', the stack's last. */
  private transformsFor(request: RegisterResourceRequest): Callback[] {
    const transforms = [...request.getTransformsList()];
    for (let urn: Urn | undefined = request.getParent(); urn; urn = this.parents.get(urn))
      transforms.push(...(this.resourceTransforms.get(urn) ?? []));
    return [...transforms, ...this.stackTransforms];
  }

  private async registerResource(
    request: RegisterResourceRequest,
  ): Promise<InstanceType<typeof resources.RegisterResourceResponse>> {
    const type = request.getType();
    const custom = request.getCustom();
    if (request.getRemote()) this.refuse(`remote components ('${type}')`);
    if (request.hasHooks() && hasHooks(request)) this.refuse("resource hooks");
    this.inherit(request);
    const transformed = await runTransforms(this.callbacks, this.transformsFor(request), request, {
      properties: hashAssets(fromStruct(request.getObject()), this.context.programDirectory),
      options: transformOptions(request, custom ? this.resolveProvider(request) : ""),
    });
    const { options } = transformed;
    const wanted = this.packageRequest(
      type,
      request.getPackageref(),
      options.getVersion(),
      options.getPluginDownloadUrl(),
    );
    let provider = "";
    if (custom && !isProviderType(type)) provider = options.getProvider() || (await this.defaults.reference(wanted));
    const goal = goalFrom(request, transformed, provider);
    if (isProviderType(type))
      goal.properties = this.providerInputs(goal.properties, wanted, request.getPackageref() !== "");
    goal.sourcePosition = projectPosition(request.getSourceposition(), this.context.projectDirectory);
    goal.stackTrace = projectStackTrace(request.getStacktrace(), this.context.projectDirectory);

    const { state, result } = await this.target.register(goal);
    this.remember(state.urn, goal, request);
    if (result !== "success" && !request.getSupportsresultreporting()) throw new Error("resource registration failed");
    const outputs = custom ? state.outputs : {};
    const known = request.getSupportspartialvalues() ? outputs : withoutUnknowns(outputs);
    return new resources.RegisterResourceResponse()
      .setUrn(state.urn)
      .setId(state.id === unknownValue && !isProviderType(type) ? "" : state.id)
      .setObject(toStruct(known))
      .setResult(
        result === "success"
          ? resources.Result.SUCCESS
          : result === "skipped"
            ? resources.Result.SKIP
            : resources.Result.FAIL,
      );
  }

  private providerInputs(
    properties: PropertyMap,
    { version, downloadUrl }: PackageRequest,
    byReference: boolean,
  ): PropertyMap {
    let inputs = properties;
    if (version && (byReference || properties.version === undefined)) inputs = setProviderVersion(inputs, version);
    if (downloadUrl) inputs = setProviderDownloadUrl(inputs, downloadUrl);
    return inputs;
  }

  private remember(urn: Urn, goal: Goal, request: RegisterResourceRequest): void {
    this.goals.set(urn, goal);
    this.parents.set(urn, goal.parent);
    this.resourceTransforms.set(urn, request.getTransformsList());
    if (goal.custom || isRootStackType(goal.type)) return;
    const inherited = this.componentProviders.get(goal.parent) ?? new Map<string, string>();
    const own = request.getProvidersMap().entries() as Iterable<[string, string]>;
    this.componentProviders.set(urn, new Map([...inherited, ...own]));
  }

  private async readResource(
    request: ReadResourceRequest,
  ): Promise<InstanceType<typeof resources.ReadResourceResponse>> {
    const type = request.getType();
    const wanted = this.packageRequest(
      type,
      request.getPackageref(),
      request.getVersion(),
      request.getPlugindownloadurl(),
    );
    const { state } = await this.target.read({
      type,
      name: request.getName(),
      id: request.getId(),
      properties: downgradeOutputs(fromStruct(request.getProperties())),
      parent: request.getParent(),
      provider: request.getProvider() || (await this.defaults.reference(wanted)),
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      sourcePosition: projectPosition(request.getSourceposition(), this.context.projectDirectory),
      stackTrace: projectStackTrace(request.getStacktrace(), this.context.projectDirectory),
    });
    return new resources.ReadResourceResponse().setUrn(state.urn).setProperties(toStruct(state.outputs));
  }

  private async invoke(request: ResourceInvokeRequest): Promise<InvokeResponse> {
    const token = request.getTok();
    const { args, provider, version } = await runInvokeTransforms(
      this.callbacks,
      this.invokeTransforms,
      token,
      downgradeOutputs(fromStruct(request.getArgs())),
      request.getProvider(),
      request.getVersion(),
    );
    const wanted = this.packageRequest(token, request.getPackageref(), version, request.getPlugindownloadurl());
    const running = await this.target.provider(provider || (await this.defaults.reference(wanted)));
    const response = new providers.InvokeResponse();
    try {
      const result = await running.invoke(token, args, this.context.dryRun);
      response.setReturn(toStruct(result.properties));
      for (const { property, reason } of result.failures)
        response.addFailures().setProperty(property).setReason(reason);
      return response;
    } catch (error) {
      const message =
        error instanceof Error && "details" in error
          ? String(error.details)
          : String(error instanceof Error ? error.message : error);
      throw new Error(`invocation of ${token} returned an error: ${message}`, { cause: error });
    }
  }
}

const withoutUnknowns = (outputs: PropertyMap): PropertyMap =>
  Object.fromEntries(
    Object.entries(mapEntries(outputs, (value) => value)).filter(([, value]) => !containsUnknowns(value)),
  );

function hasHooks(request: RegisterResourceRequest): boolean {
  const hooks = request.getHooks()?.toObject() ?? {};
  return Object.values(hooks).some((names) => Array.isArray(names) && names.length > 0);
}

/** The SDK takes this code to mean that there is nobody to talk to any more, and ends without a word. */
export class MonitorShutdown extends Error {
  readonly code = grpc.status.UNAVAILABLE;
  constructor() {
    super("resource monitor shut down while waiting on step's done channel");
  }
}
