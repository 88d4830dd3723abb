import * as pulumi from "@pulumi/pulumi";

/**
 * A value that is known beforehand, for what must wait until `resource` is there. The resource's own outputs would do, but
 * azure-native makes all of them unknown in the preview of any update, and an unknown name previews as a replacement.
 */
export function onceThere<T>(resource: pulumi.CustomResource, value: pulumi.Input<T>): pulumi.Output<T> {
  return pulumi.all([resource.id, value]).apply(([, known]) => known as T);
}

/**
 * An output that an update of `resource` leaves as it was. A preview of one has all of azure-native's outputs unknown, and what
 * takes an unknown value previews as a change; so it is given the value that the last update left. Only in a preview, and
 * only while the resource is the same one: what is made anew has another.
 */
export function asItWas<T>(
  resource: pulumi.CustomResource,
  output: pulumi.Output<T>,
  last: { readonly isOf: (id: string) => boolean; readonly value: T } | undefined,
): pulumi.Output<T> {
  if (!last || !pulumi.runtime.isDryRun()) return output;
  const known = pulumi.output(last.value) as pulumi.Output<T>;
  return resource.id.apply<T>((id) => (last.isOf(id) ? known : output));
}
