internal import StreamingJSON

/// The ingress gateway: a proxy of Istio's image that asks this control plane. Each revision has its own.
struct GatewayObjects {
  let values: InstallationValues

  private var name: String { "istio-ingressgateway\(ControlPlaneObjects.suffix(values))" }
  private var place: String { values.text("namespace") }
  private var selector: JSONValue { ["app": .string(name), "istio": "ingressgateway"] }
  private var labels: JSONValue { selector.merging(["istio.io/rev": values["revision"]]) }
  private var discovery: String {
    "istiod\(ControlPlaneObjects.suffix(values)).\(place).svc:15012"
  }

  var all: [JSONValue] {
    [
      .kubernetesObject("v1", "ServiceAccount", name, namespace: place, labels: labels),
      .kubernetesObject(
        "policy/v1", "PodDisruptionBudget", name, namespace: place, labels: labels,
        ["spec": ["minAvailable": 1, "selector": ["matchLabels": selector]]]),
      .kubernetesObject(
        "v1", "Service", name, namespace: place, labels: labels,
        [
          "spec": [
            "type": values["gatewayServiceType"], "selector": selector, "ports": Self.servicePorts,
          ]
        ]),
      .kubernetesObject(
        "apps/v1", "Deployment", name, namespace: place, labels: labels,
        [
          "spec": [
            "selector": ["matchLabels": selector],
            "strategy": ["rollingUpdate": ["maxSurge": "100%", "maxUnavailable": "25%"]],
            "template": [
              "metadata": [
                "labels": labels.merging([
                  "sidecar.istio.io/inject": "false",
                  "service.istio.io/canonical-name": .string(name),
                ])
              ],
              "spec": pod,
            ],
          ]
        ]
      ).scaled(to: "gatewayReplicas", values),
    ]
  }

  var autoscaler: JSONValue {
    ControlPlaneObjects.autoscaler(
      of: name, in: place, labels: labels, from: values["gatewayReplicas"],
      to: values["gatewayMaxReplicas"])
  }

  private static let servicePorts: JSONValue = [
    ["name": "status-port", "port": 15_021, "protocol": "TCP", "targetPort": 15_021],
    ["name": "http2", "port": 80, "protocol": "TCP", "targetPort": 8_080],
    ["name": "https", "port": 443, "protocol": "TCP", "targetPort": 8_443],
  ]

  private var pod: JSONValue {
    [
      "serviceAccountName": .string(name),
      "securityContext": ["fsGroup": 1_337, "seccompProfile": ["type": "RuntimeDefault"]],
      "affinity": ControlPlaneObjects.spread(selector),
      "containers": [container],
      "volumes": volumes,
    ]
  }

  private var container: JSONValue {
    func port(_ name: String, _ number: Int64) -> JSONValue {
      ["name": .string(name), "containerPort": .integer(number), "protocol": "TCP"]
    }
    return [
      "name": "istio-proxy", "image": values["proxyImage"],
      "imagePullPolicy": values["imagePullPolicy"],
      "args": ["proxy", "router", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
      "env": environment,
      "ports": [
        port("status-port", 15_021), port("http", 8_080), port("https", 8_443),
        port("http-envoy-prom", 15_090),
      ],
      "readinessProbe": [
        "httpGet": ["path": "/healthz/ready", "port": 15_021], "initialDelaySeconds": 1,
        "periodSeconds": 2, "failureThreshold": 30, "timeoutSeconds": 3,
      ],
      "resources": ["requests": ["cpu": "100m", "memory": "128Mi"], "limits": ["memory": "1Gi"]],
      "securityContext": ControlPlaneObjects.restricted,
      "volumeMounts": [
        ["name": "workload-socket", "mountPath": "/var/run/secrets/workload-spiffe-uds"],
        ["name": "credential-socket", "mountPath": "/var/run/secrets/credential-uds"],
        ["name": "workload-certs", "mountPath": "/var/run/secrets/workload-spiffe-credentials"],
        ["name": "istiod-ca-cert", "mountPath": "/var/run/secrets/istio"],
        ["name": "istio-token", "mountPath": "/var/run/secrets/tokens", "readOnly": true],
        ["name": "istio-data", "mountPath": "/var/lib/istio/data"],
        ["name": "istio-envoy", "mountPath": "/etc/istio/proxy"],
        ["name": "istio-podinfo", "mountPath": "/etc/istio/pod"],
      ],
    ]
  }

  private var environment: JSONValue {
    func set(_ name: String, _ value: JSONValue) -> JSONValue {
      ["name": .string(name), "value": value]
    }
    let field = ControlPlaneObjects.fieldVariable
    return [
      set("PILOT_CERT_PROVIDER", "istiod"), set("CA_ADDR", .string(discovery)),
      field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace"),
      field("INSTANCE_IP", "status.podIP"), field("HOST_IP", "status.hostIP"),
      field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
      field("ISTIO_META_NODE_NAME", "spec.nodeName"),
      set("PROXY_CONFIG", .string("{\"discoveryAddress\":\"\(discovery)\"}")),
      set("ISTIO_META_CLUSTER_ID", values["clusterID"]),
      set("ISTIO_META_UNPRIVILEGED_POD", "true"),
      set("ISTIO_META_WORKLOAD_NAME", .string(name)),
      set(
        "ISTIO_META_OWNER",
        .string("kubernetes://apis/apps/v1/namespaces/\(place)/deployments/\(name)")),
      set("TRUST_DOMAIN", values["trustDomain"]),
    ]
  }

  private var volumes: JSONValue {
    [
      ["name": "workload-socket", "emptyDir": [:]],
      ["name": "credential-socket", "emptyDir": [:]],
      ["name": "workload-certs", "emptyDir": [:]],
      ["name": "istio-envoy", "emptyDir": [:]],
      ["name": "istio-data", "emptyDir": [:]],
      ["name": "istiod-ca-cert", "configMap": ["name": "istio-ca-root-cert"]],
      [
        "name": "istio-podinfo",
        "downwardAPI": [
          "items": [
            ["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]],
            ["path": "annotations", "fieldRef": ["fieldPath": "metadata.annotations"]],
          ]
        ],
      ],
      [
        "name": "istio-token",
        "projected": [
          "sources": [
            [
              "serviceAccountToken": [
                "audience": "istio-ca", "expirationSeconds": 43_200, "path": "istio-token",
              ]
            ]
          ]
        ],
      ],
    ]
  }
}
