import type { JsonObject } from "../../http/json.js";

interface NodeType {
  readonly id: string;
  readonly category: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly localDiskGb: number;
  readonly gpus: number;
}

/** `[prefix, suffix, category, memory per core in MB, local disk per core in GB, cores …]` */
type Family = readonly [string, string, string, number, number, readonly number[]];

const families: readonly Family[] = [
  ["Standard_D", "s_v3", "General Purpose", 4_096, 8, [4, 8, 16, 32]],
  ["Standard_D", "ds_v4", "General Purpose", 4_096, 37.5, [4, 8, 16, 32, 64]],
  ["Standard_D", "ads_v5", "General Purpose", 4_096, 37.5, [4, 8, 16, 32]],
  ["Standard_D", "ds_v5", "General Purpose", 4_096, 37.5, [4, 8, 16, 32, 64]],
  ["Standard_E", "ds_v4", "Memory Optimized", 8_192, 37.5, [4, 8, 16, 32]],
  ["Standard_E", "ads_v5", "Memory Optimized", 8_192, 37.5, [4, 8, 16, 32]],
  ["Standard_L", "s_v3", "Storage Optimized", 8_192, 240, [8, 16, 32]],
  ["Standard_F", "s_v2", "Compute Optimized", 2_048, 8, [4, 8, 16, 32]],
  ["Standard_D", "ds_v6", "General Purpose", 4_096, 55, [4, 8, 16, 32, 64]],
  ["Standard_D", "ads_v6", "General Purpose", 4_096, 55, [4, 8, 16, 32, 64]],
  ["Standard_D", "pds_v6", "General Purpose", 4_096, 55, [4, 8, 16, 32, 64]],
  ["Standard_D", "plds_v6", "General Purpose", 2_048, 55, [4, 8, 16, 32, 64]],
  ["Standard_E", "ds_v6", "Memory Optimized", 8_192, 55, [4, 8, 16, 32, 64]],
  ["Standard_E", "ads_v6", "Memory Optimized", 8_192, 55, [4, 8, 16, 32, 64]],
  ["Standard_E", "pds_v6", "Memory Optimized", 8_192, 55, [4, 8, 16, 32]],
  ["Standard_L", "s_v4", "Storage Optimized", 8_192, 240, [4, 8, 16, 32]],
  ["Standard_F", "ads_v6", "Compute Optimized", 4_096, 55, [4, 8, 16, 32]],
];

const named: readonly NodeType[] = [
  { id: "Standard_DS3_v2", category: "General Purpose", cores: 4, memoryMb: 14_336, localDiskGb: 28, gpus: 0 },
  { id: "Standard_DS4_v2", category: "General Purpose", cores: 8, memoryMb: 28_672, localDiskGb: 56, gpus: 0 },
  { id: "Standard_DS5_v2", category: "General Purpose", cores: 16, memoryMb: 57_344, localDiskGb: 112, gpus: 0 },
  { id: "Standard_DS12_v2", category: "Memory Optimized", cores: 4, memoryMb: 28_672, localDiskGb: 56, gpus: 0 },
  { id: "Standard_DS13_v2", category: "Memory Optimized", cores: 8, memoryMb: 57_344, localDiskGb: 112, gpus: 0 },
  { id: "Standard_DS14_v2", category: "Memory Optimized", cores: 16, memoryMb: 114_688, localDiskGb: 224, gpus: 0 },
  { id: "Standard_NC6s_v3", category: "GPU Accelerated", cores: 6, memoryMb: 114_688, localDiskGb: 736, gpus: 1 },
  { id: "Standard_NC4as_T4_v3", category: "GPU Accelerated", cores: 4, memoryMb: 28_672, localDiskGb: 176, gpus: 1 },
];

const catalogue: ReadonlyMap<string, NodeType> = new Map(
  [
    ...named,
    ...families.flatMap(([prefix, suffix, category, memoryMb, diskGb, sizes]) =>
      sizes.map((cores) => ({
        id: `${prefix}${cores}${suffix}`,
        category,
        cores,
        memoryMb: cores * memoryMb,
        localDiskGb: Math.round(cores * diskGb),
        gpus: 0,
      })),
    ),
  ].map((type) => [type.id, type]),
);

/**
 * Types that a region does not know at all: naming one is refused. Regions differ so: here West US has no newer storage
 * family and no ARM machines. Which type is where changes too often to be kept right.
 */
const unknownIn: Readonly<Record<string, readonly string[]>> = {
  westus: [
    ...["Standard_L8s_v3", "Standard_L16s_v3", "Standard_L32s_v3"],
    ...[4, 8, 16, 32].map((cores) => `Standard_L${cores}s_v4`),
    ...[4, 8, 16, 32, 64].flatMap((cores) => [`Standard_D${cores}pds_v6`, `Standard_D${cores}plds_v6`]),
    ...[4, 8, 16, 32].map((cores) => `Standard_E${cores}pds_v6`),
  ],
};

/** Types that a region lists as NotAvailableInRegion: a cluster of them is accepted and fails to launch. */
const unavailableIn: Readonly<Record<string, readonly string[]>> = {
  westus: ["Standard_NC6s_v3", "Standard_E32ads_v5"],
};

/** The node types that a region offers, with what a launch needs to know of each. */
export class NodeTypes {
  readonly #unknown: ReadonlySet<string>;
  readonly #unavailable: ReadonlySet<string>;

  constructor(region: string) {
    this.#unknown = new Set(unknownIn[region]);
    this.#unavailable = new Set(unavailableIn[region]);
  }

  has(id: string): boolean {
    return catalogue.has(id) && !this.#unknown.has(id);
  }

  isAvailable(id: string): boolean {
    return !this.#unavailable.has(id);
  }

  /** Machines with Azure's ARM processor: `p` behind the number of cores. */
  isArm(id: string): boolean {
    return /^Standard_[A-Z]\d+p/.test(id);
  }

  coresOf(id: string): number {
    return catalogue.get(id)?.cores ?? 4;
  }

  memoryMbOf(id: string): number {
    return catalogue.get(id)?.memoryMb ?? 16_384;
  }

  /** `node_types` of https://docs.databricks.com/api/azure/workspace/clusters/listnodetypes */
  list(): JsonObject[] {
    return [...catalogue.values()]
      .filter(({ id }) => !this.#unknown.has(id))
      .map(({ id, category, cores, memoryMb, localDiskGb, gpus }, order) => ({
        node_type_id: id,
        memory_mb: memoryMb,
        num_cores: cores,
        description: id,
        instance_type_id: id,
        is_deprecated: false,
        category,
        support_ebs_volumes: true,
        support_cluster_tags: true,
        num_gpus: gpus,
        node_instance_type: {
          instance_type_id: id,
          local_disks: 1,
          local_disk_size_gb: localDiskGb,
          instance_family: `${category} ${id.replace(/\d+/, "")} Family vCPUs`,
          local_nvme_disk_size_gb: 0,
          local_nvme_disks: 0,
          swap_size: "10g",
        },
        is_hidden: false,
        is_graviton: this.isArm(id),
        support_port_forwarding: true,
        supports_elastic_disk: true,
        display_order: order,
        is_io_cache_enabled: id.startsWith("Standard_L"),
        node_info: this.#unavailable.has(id)
          ? { status: ["NotAvailableInRegion"], available_core_quota: 0 }
          : { available_core_quota: 350, total_core_quota: 350 },
        photon_worker_capable: gpus === 0 && cores >= 4,
        photon_driver_capable: gpus === 0 && cores >= 4,
      }));
  }
}
