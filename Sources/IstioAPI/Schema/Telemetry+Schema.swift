/// The schema of Telemetry, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let telemetry: Self = .object(
    [
      "accessLogging": .list(.accessLogging).about("Access-log rules."),
      "metrics": .list(.telemetryMetrics).about("Metric rules."),
      "selector": .workloadSelector.about("Workloads in scope."),
      "targetRef": .targetReference.about("Hidden single form of targetRefs."),
      "targetRefs": .list(.targetReference, count: ...16).about(
        "Attach to Gateway / GatewayClass / Service / ServiceEntry."),
      "tracing": .list(.tracing).about("Tracing rules."),
    ])

  static let tracing: Self = .object(
    [
      "customTags": .map(.customTag).about("Extra tags (replace parent's)."),
      "disableContextPropagation": .boolean.about("Do not inject trace headers."),
      "disableSpanReporting": .boolean.about("No spans."),
      "enableIstioTags": .boolean.about("Istio tags on spans."),
      "match": .accessLoggingMatch.about("Scope."),
      "providers": .list(.providerReference).about("Provider names."),
      "randomSamplingPercentage": .number.about("Sampling."),
      "useRequestIdForTraceSampling": .boolean.about("Envoy request-id based sampling."),
    ])

  static let customTag: Self = .object(
    [
      "environment": .tagVariable.about("Proxy env."),
      "formatter": .tagFormatter.about("Access-log formatter."),
      "header": .tagVariable.about("Request header."),
      "literal": .tagFormatter.about("Constant."),
    ])

  static let tagFormatter: Self = .object(
    [
      "value": .text(length: 1...).about("Format.")
    ], required: ["value"])

  static let tagVariable: Self = .object(
    [
      "defaultValue": .text.about("Default."),
      "name": .text(length: 1...).about("Env."),
    ], required: ["name"])

  static let telemetryMetrics: Self = .object(
    [
      "overrides": .list(.metricOverride).about("Ordered overrides mesh→ns→workload."),
      "providers": .list(.providerReference).about("Names."),
      "reportingInterval": .duration.about("TCP metric period."),
    ])

  static let metricOverride: Self = .object(
    [
      "disabled": .boolean.about("Turn off."),
      "match": .metricSelector.about("Scope."),
      "tagOverrides": .map(.tagOverride).about("Label edits."),
    ])

  static let tagOverride: Self = .object(
    [
      "operation": .choice("UPSERT", "REMOVE").about("UPSERT / REMOVE."),
      "value": .text.about("CEL expression."),
    ])

  static let metricSelector: Self = .object(
    [
      "customMetric": .text(length: 1...).about("Name."),
      "metric": .choice(
        "ALL_METRICS", "REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE",
        "TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES",
        "GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES"
      ).about("One of 10 standard metrics."),
      "mode": .choice("CLIENT_AND_SERVER", "CLIENT", "SERVER").about("Direction."),
    ])

  static let accessLogging: Self = .object(
    [
      "disabled": .boolean.about("Off."),
      "filter": .accessLoggingFilter.about("Condition."),
      "match": .accessLoggingMatch.about("Scope."),
      "providers": .list(.providerReference).about("Names."),
    ])

  static let providerReference: Self = .object(
    [
      "name": .text(length: 1...).about("Name.")
    ], required: ["name"])

  static let accessLoggingMatch: Self = .object(
    [
      "mode": .choice("CLIENT_AND_SERVER", "CLIENT", "SERVER").about("Direction.")
    ])

  static let accessLoggingFilter: Self = .object(
    [
      "expression": .text.about("CEL.")
    ])
}
