internal import KubernetesAPI
internal import StreamingJSON
import Testing

@Suite struct KubernetesAPITests {
  @Test func `a service keeps the fields a mesh uses`() throws {
    let object = try DecodedObject<Service>(
      decoding: JSONReader(
        #"""
        {"apiVersion":"v1","kind":"Service","status":{"loadBalancer":{"ingress":[{"ip":"9.9.9.9"}]}},
        "spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1","fd::1"],"ports":[
        {"name":"http","port":80,"targetPort":"web","protocol":"TCP","appProtocol":"http"},
        {"name":"n","port":81,"targetPort":8081,"nodePort":30000},{"port":82,"targetPort":"83"}],
        "selector":{"app":"a"},"ipFamilies":["IPv4"],"publishNotReadyAddresses":true},
        "metadata":{"name":"a","namespace":"b","labels":{"x":"y"},"generation":3,"resourceVersion":"7",
        "creationTimestamp":"2024-02-29T12:00:00Z","managedFields":[{"a":{"b":[1]}}],
        "ownerReferences":[{"kind":"K","name":"n","uid":"u"}]}}
        """#))
    let service = try #require(object.value)
    #expect(object.key == ObjectKey(namespace: "b", name: "a"))
    #expect(object.metadata.creationTimestamp?.seconds == 1_709_208_000)
    #expect(object.metadata.ownerReferences == [OwnerReference(kind: "K", name: "n")])
    #expect(service.type == .loadBalancer)
    #expect(service.clusterIPs == ["10.0.0.1", "fd::1"])
    #expect(service.ports.map(\.targetPort) == [.name("web"), .number(8_081), .number(83)])
    #expect(service.loadBalancerIngress == [LoadBalancerIngress(ip: "9.9.9.9")])
    #expect(service.publishNotReadyAddresses)
    #expect(object.unknownFields.isEmpty)
  }

  @Test func `a pod and a slice keep the fields a mesh uses`() throws {
    let pod = try DecodedObject<Pod>(
      decoding: JSONReader(
        #"""
        {"metadata":{"name":"p","deletionTimestamp":"2024-01-01T00:00:00+01:00"},"spec":{"nodeName":"n","serviceAccountName":"sa",
        "containers":[{"name":"c","image":"i","ports":[{"containerPort":9080,"name":"http"}]}]},
        "status":{"phase":"Running","podIP":"1.2.3.4","podIPs":[{"ip":"1.2.3.4"},{"ip":"fd::2"}],
        "conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"True"}]}}
        """#))
    #expect(pod.value?.isReady == true)
    #expect(pod.value?.podIPs == ["1.2.3.4", "fd::2"])
    #expect(pod.value?.serviceAccountName == "sa")
    #expect(pod.value?.containers.first?.ports.first?.containerPort == 9_080)
    #expect(pod.metadata.deletionTimestamp?.text == "2023-12-31T23:00:00Z")
    let slice = try DecodedObject<EndpointSlice>(
      decoding: JSONReader(
        #"""
        {"metadata":{"name":"s"},"addressType":"IPv6","endpoints":[{"addresses":["fd::1"],
        "conditions":{"ready":false,"serving":true,"terminating":true},"zone":"z","nodeName":"n",
        "targetRef":{"kind":"Pod","name":"p","namespace":"b"}}],"ports":[{"name":"","port":1}]}
        """#))
    let endpoint = try #require(slice.value?.endpoints.first)
    #expect(slice.value?.addressType == .ipv6)
    #expect(
      endpoint.conditions == EndpointConditions(ready: false, serving: true, terminating: true))
    #expect(endpoint.targetRef?.name == "p")
  }

  @Test func `a secret is decoded from Base64`() throws {
    let secret = try DecodedObject<Secret>(
      decoding: JSONReader(
        #"{"metadata":{"name":"s"},"type":"kubernetes.io/tls","data":{"a":"AAEC/w==","b":null},"stringData":{"c":"é"}}"#
      ))
    #expect(secret.value?.data == ["a": [0, 1, 2, 255], "b": [], "c": [0xC3, 0xA9]])
  }

  @Test(arguments: [
    #"{"spec":{"ports":"x"},"metadata":{"name":"a","namespace":"b"}}"#,
    #"{"metadata":{"name":"a","namespace":"b"},"spec":{"type":"Other"}}"#,
    #"{"metadata":{"name":"a","namespace":"b"},"spec":[]}"#,
    #"{"spec":{"ports":[{"port":99999999999}]},"metadata":{"name":"a","namespace":"b"}}"#,
  ])
  func `a bad specification still carries its key`(json: String) throws {
    let object = try DecodedObject<Service>(decoding: JSONReader(json))
    #expect(object.key == ObjectKey(namespace: "b", name: "a"))
    #expect(object.value == nil)
    #expect(object.issues.first?.path.hasPrefix("spec") == true)
  }

  @Test(arguments: ["", "{", "[]", #"{"metadata":[]}"#, #"{"metadata":{"name":"a"}} x"#])
  func `a document without readable metadata is an error`(json: String) {
    #expect(throws: JSONDecodingError.self) {
      try DecodedObject<Service>(decoding: JSONReader(json))
    }
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799),
      ("1969-12-31T23:59:59Z", -1),
      ("2024-01-01T00:00:00.999Z", 1_704_067_200), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] as [(String, Int64)])
  func `times are exact both ways`(text: String, seconds: Int64) {
    #expect(Timestamp(text)?.seconds == seconds)
    #expect(Timestamp(Timestamp(seconds: seconds).text)?.seconds == seconds)
  }

  @Test(arguments: [
    "", "2024-13-01T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "x024-01-01T00:00:00Z",
  ])
  func `what is no time is refused`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test(arguments: [[], [1], [1, 2], [1, 2, 3], [255, 254, 253, 252]] as [[UInt8]])
  func `Base64 goes both ways`(bytes: [UInt8]) {
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
  }

  @Test(arguments: ["A", "AA", "AA=", "A===", "AAAA=", "A A=", "AA==A", "é"])
  func `what is no Base64 is refused`(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func `resources are found by version, kind and the names users type`() {
    #expect(
      KubernetesResource.find(apiVersion: "networking.istio.io/v1alpha3", kind: "VirtualService")
        == .virtualServices)
    #expect(
      KubernetesResource.find(apiVersion: "networking.istio.io/v2", kind: "VirtualService") == nil)
    #expect(KubernetesResource.find(apiVersion: "v1", kind: "Pod") == .pods)
    #expect(KubernetesResource.named("vs") == .virtualServices)
    #expect(KubernetesResource.named("Gateways.networking.istio.io") == .gateways)
    #expect(KubernetesResource.named("gateways.other") == nil)
    #expect(
      KubernetesResource.virtualServices.path(namespace: "a", name: "b")
        == "/apis/networking.istio.io/v1/namespaces/a/virtualservices/b")
    #expect(KubernetesResource.nodes.path(namespace: "a") == "/api/v1/nodes")
  }
}
