internal import StreamingJSON

/// The control plane: its identity, its permissions, its pods and how they are reached.
struct ControlPlaneObjects {
  let values: InstallationValues

  /// What the name of a revision's objects ends in; nothing for the default one.
  static func suffix(_ values: InstallationValues) -> String {
    let revision = values.text("revision")
    if revision.hasPrefix("{{") {
      return "{{ if ne .Values.revision `default` }}-{{ .Values.revision }}{{ end }}"
    }
    return revision == "default" ? "" : "-\(revision)"
  }

  private var place: String { values.text("namespace") }
  private var name: String { "istiod" + Self.suffix(values) }
  private var selector: JSONValue { ["app": "istiod", "istio.io/rev": values["revision"]] }
  private var labels: JSONValue {
    ["app": "istiod", "istio": "pilot", "istio.io/rev": values["revision"]]
  }

  var namespace: JSONValue { .kubernetesObject("v1", "Namespace", place) }

  // MARK: Access

  var access: [JSONValue] {
    let roles = "rbac.authorization.k8s.io"
    let clusterRole = "\(name)-clusterrole-\(place)"
    let account: JSONValue = [
      ["kind": "ServiceAccount", "name": .string(name), "namespace": .string(place)]
    ]
    func reference(_ kind: String, _ name: String) -> JSONValue {
      ["apiGroup": .string(roles), "kind": .string(kind), "name": .string(name)]
    }
    return [
      .kubernetesObject("v1", "ServiceAccount", name, namespace: place, labels: labels),
      .kubernetesObject(
        "\(roles)/v1", "ClusterRole", clusterRole, labels: labels,
        ["rules": ControlPlaneRole.objects(ControlPlaneRole.clusterRules)]),
      .kubernetesObject(
        "\(roles)/v1", "ClusterRoleBinding", clusterRole, labels: labels,
        ["roleRef": reference("ClusterRole", clusterRole), "subjects": account]),
      .kubernetesObject(
        "\(roles)/v1", "Role", name, namespace: place, labels: labels,
        ["rules": ControlPlaneRole.objects(ControlPlaneRole.namespaceRules)]),
      .kubernetesObject(
        "\(roles)/v1", "RoleBinding", name, namespace: place, labels: labels,
        ["roleRef": reference("Role", name), "subjects": account]),
    ]
  }

  // MARK: Configuration

  /// The mesh's configuration, under the name istiod reads too.
  var meshConfiguration: JSONValue {
    func quoted(_ text: String) -> String {
      String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    }
    // Quoted whatever they are, so that the expressions of a chart yield the same text.
    let text = """
      accessLogFile: \(quoted(values.text("accessLogFile")))
      defaultConfig:
        discoveryAddress: \(quoted("\(name).\(place).svc:15012"))
      rootNamespace: \(quoted(place))
      trustDomain: \(quoted(values.text("trustDomain")))

      """
    return .kubernetesObject(
      "v1", "ConfigMap", configurationName, namespace: place, labels: labels,
      ["data": ["mesh": .string(text)]])
  }

  private var configurationName: String { "istio" + Self.suffix(values) }

  // MARK: Pods

  var workload: [JSONValue] {
    [
      .kubernetesObject(
        "policy/v1", "PodDisruptionBudget", name, namespace: place, labels: labels,
        ["spec": ["minAvailable": 1, "selector": ["matchLabels": selector]]]),
      .kubernetesObject(
        "v1", "Service", name, namespace: place, labels: labels,
        ["spec": ["ports": Self.servicePorts, "selector": selector]]),
      .kubernetesObject(
        "apps/v1", "Deployment", name, namespace: place, labels: labels,
        [
          "spec": [
            "selector": ["matchLabels": selector],
            "strategy": ["rollingUpdate": ["maxSurge": "100%", "maxUnavailable": "25%"]],
            "template": [
              "metadata": [
                "labels": labels.merging(["sidecar.istio.io/inject": "false"]),
                "annotations": [
                  "prometheus.io/port": "15014", "prometheus.io/scrape": "true",
                ],
              ],
              "spec": pod,
            ],
          ]
        ]
      ).scaled(to: "replicas", values),
    ]
  }

  private static let servicePorts: JSONValue = [
    ["name": "grpc-xds", "port": 15_010, "protocol": "TCP"],
    ["name": "https-dns", "port": 15_012, "protocol": "TCP"],
    ["name": "https-webhook", "port": 443, "protocol": "TCP", "targetPort": 15_017],
    ["name": "http-monitoring", "port": 15_014, "protocol": "TCP"],
  ]

  private var pod: JSONValue {
    [
      "serviceAccountName": .string(name),
      "terminationGracePeriodSeconds": 45,
      "securityContext": ["fsGroup": 1_337, "seccompProfile": ["type": "RuntimeDefault"]],
      "affinity": Self.spread(selector),
      "containers": [container],
      "volumes": [
        ["name": "data", "emptyDir": ["sizeLimit": "2Gi"]],
        // Copies of Secrets are never on a disk.
        ["name": "secrets", "emptyDir": ["medium": "Memory", "sizeLimit": "128Mi"]],
        ["name": "config", "configMap": ["name": .string(configurationName)]],
      ],
    ]
  }

  /// Pods that would rather not share a node.
  static func spread(_ selector: JSONValue) -> JSONValue {
    let term: JSONValue = [
      "weight": 100,
      "podAffinityTerm": [
        "labelSelector": ["matchLabels": selector], "topologyKey": "kubernetes.io/hostname",
      ],
    ]
    return ["podAntiAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": [term]]]
  }

  /// What a container that needs nothing of its node may do.
  static let restricted: JSONValue = [
    "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]],
    "readOnlyRootFilesystem": true, "runAsGroup": 1_337, "runAsNonRoot": true,
    "runAsUser": 1_337,
  ]

  private var container: JSONValue {
    func port(_ name: String, _ number: Int64) -> JSONValue {
      ["name": .string(name), "containerPort": .integer(number), "protocol": "TCP"]
    }
    let ready: JSONValue = ["path": "/ready", "port": 8_080]
    return [
      "name": "discovery", "image": values["image"],
      "imagePullPolicy": values["imagePullPolicy"],
      "args": ["serve"], "env": environment,
      "ports": [
        port("http-debug", 8_080), port("grpc-xds", 15_010), port("tls-xds", 15_012),
        port("http-monitoring", 15_014), port("https-webhooks", 15_017),
      ],
      "readinessProbe": [
        "httpGet": ready, "initialDelaySeconds": 1, "periodSeconds": 3, "timeoutSeconds": 5,
      ],
      // Not ready is no reason to start again: only a process that does not listen is.
      "livenessProbe": [
        "tcpSocket": ["port": 8_080], "initialDelaySeconds": 10, "periodSeconds": 10,
        "timeoutSeconds": 5,
      ],
      "resources": [
        "requests": ["cpu": values["cpu"], "memory": values["memory"]],
        "limits": ["memory": values["memoryLimit"]],
      ],
      "securityContext": Self.restricted,
      "volumeMounts": [
        ["name": "data", "mountPath": "/var/lib/skein"],
        ["name": "secrets", "mountPath": "/var/run/skein/secrets"],
        ["name": "config", "mountPath": "/etc/istio/config", "readOnly": true],
      ],
    ]
  }

  private var environment: JSONValue {
    func set(_ name: String, _ value: JSONValue) -> JSONValue {
      ["name": .string(name), "value": value]
    }
    return [
      set("REVISION", values["revision"]), set("CLUSTER_ID", values["clusterID"]),
      Self.fieldVariable("POD_NAME", "metadata.name"),
      Self.fieldVariable("POD_NAMESPACE", "metadata.namespace"),
      set("SKEIN_ROOT_NAMESPACE", values["namespace"]),
      set("SKEIN_TRUST_DOMAIN", values["trustDomain"]),
      set("SKEIN_LOG_LEVEL", values["logLevel"]), set("SKEIN_LOG_FORMAT", "json"),
      set("SKEIN_DATA_DIR", "/var/lib/skein"),
      set("SKEIN_SECRET_DIR", "/var/run/skein/secrets"),
      set("SKEIN_MESH_CONFIG", "/etc/istio/config/mesh"),
      set("SKEIN_PROXY_IMAGE", values["proxyImage"]),
    ]
  }

  /// A variable that holds a field of the pod.
  static func fieldVariable(_ name: String, _ path: String) -> JSONValue {
    ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
  }

  // MARK: Scale

  var autoscaler: JSONValue {
    Self.autoscaler(
      of: name, in: place, labels: labels, from: values["replicas"], to: values["maxReplicas"])
  }

  /// Keeps a Deployment at 80 % of the CPU it asks for.
  static func autoscaler(
    of name: String, in namespace: String, labels: JSONValue, from minimum: JSONValue,
    to maximum: JSONValue
  ) -> JSONValue {
    .kubernetesObject(
      "autoscaling/v2", "HorizontalPodAutoscaler", name, namespace: namespace, labels: labels,
      [
        "spec": [
          "minReplicas": minimum, "maxReplicas": maximum,
          "scaleTargetRef": [
            "apiVersion": "apps/v1", "kind": "Deployment", "name": .string(name),
          ],
          "metrics": [
            [
              "type": "Resource",
              "resource": [
                "name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80],
              ],
            ]
          ],
        ]
      ])
  }
}

extension JSONValue {
  /// A Deployment with a number of replicas, unless an autoscaler decides that.
  func scaled(to name: String, _ values: InstallationValues) -> JSONValue {
    guard values["autoscaling"] != true else { return self }
    var deployment = self
    deployment[path: ["spec", "replicas"]] = values[name]
    return deployment
  }
}
