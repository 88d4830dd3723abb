import * as pulumi from "@pulumi/pulumi";

/**
 * A value that is known beforehand, for what must wait until `resource` is there. The resource's own outputs would do, but
 * azure-native makes all of them unknown in the preview of any update, and an unknown name previews as a replacement.
 */
export function onceThere<T>(resource: pulumi.CustomResource, value: pulumi.Input<T>): pulumi.Output<T> {
  return pulumi.all([resource.id, value]).apply(([, known]) => known as T);
}
