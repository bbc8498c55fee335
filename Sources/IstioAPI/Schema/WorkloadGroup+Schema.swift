/// The schema of WorkloadGroup, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let workloadGroup: Self = .object(
    [
      "metadata": .workloadGroupMetadata.about("Metadata copied to WorkloadEntries."),
      "probe": .probe.about("VM readiness probe."),
      "template": .workloadEntry.about("WorkloadEntry template."),
    ], required: ["template"])

  static let probe: Self = .object(
    [
      "exec": .exec.about("Exec probe."),
      "failureThreshold": .natural.about("Failures."),
      "grpc": .grpc.about("gRPC probe."),
      "httpGet": .httpGet.about("HTTP probe."),
      "initialDelaySeconds": .natural.about("Delay."),
      "periodSeconds": .natural.about("Period."),
      "successThreshold": .natural.about("Successes."),
      "tcpSocket": .tcpSocket.about("TCP probe."),
      "timeoutSeconds": .natural.about("Timeout."),
    ])

  static let tcpSocket: Self = .object(
    [
      "host": .text.about("Host."),
      "port": .unsigned.about("Port."),
    ], required: ["port"])

  static let httpGet: Self = .object(
    [
      "host": .text.about("Host."),
      "httpHeaders": .list(.probeHeader).about("Headers."),
      "path": .text.about("Path."),
      "port": .unsigned.about("Port."),
      "scheme": .text.about("Scheme."),
    ], required: ["port"])

  static let probeHeader: Self = .object(
    [
      "name": .text(pattern: Pattern.headerName).about("Name."),
      "value": .text.about("Value."),
    ])

  static let grpc: Self = .object(
    [
      "port": .unsigned.about("Port."),
      "service": .text.about("Service name."),
    ])

  static let exec: Self = .object(
    [
      "command": .list(.text(length: 1...)).about("Argv.")
    ], required: ["command"])

  static let workloadGroupMetadata: Self = .object(
    [
      "annotations": .map(.text, count: ...256).about("Annotations."),
      "labels": .map(.text, count: ...256).about("Labels."),
    ])
}
