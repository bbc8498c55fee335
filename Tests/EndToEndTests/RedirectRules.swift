/// The rules that istio-init installs on a host whose traffic goes through a proxy.
///
/// Its options are `-p 15001 -z 15006 -u 1337 -g 1337 -m REDIRECT -i * -b * -d 22,15090,15021,15020`.
enum RedirectRules {
  static let text = """
    *nat
    :ISTIO_INBOUND - [0:0]
    :ISTIO_REDIRECT - [0:0]
    :ISTIO_IN_REDIRECT - [0:0]
    :ISTIO_OUTPUT - [0:0]
    -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
    -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
    -A PREROUTING -p tcp -j ISTIO_INBOUND
    -A ISTIO_INBOUND -p tcp --dport 15008 -j RETURN
    -A ISTIO_INBOUND -p tcp --dport 22 -j RETURN
    -A ISTIO_INBOUND -p tcp --dport 15090 -j RETURN
    -A ISTIO_INBOUND -p tcp --dport 15021 -j RETURN
    -A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN
    -A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
    -A OUTPUT -j ISTIO_OUTPUT
    -A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
    \(owner("uid"))
    \(owner("gid"))
    -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
    -A ISTIO_OUTPUT -j ISTIO_REDIRECT
    COMMIT

    """

  /// What the proxy sends is not redirected, unless it is to the workload itself.
  private static func owner(_ kind: String) -> String {
    let owner = "--\(kind)-owner \(TestNetwork.proxyUser)"
    return """
      -A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp ! --dport 15008 -m owner \(owner) \
      -j ISTIO_IN_REDIRECT
      -A ISTIO_OUTPUT -o lo -m owner ! \(owner) -j RETURN
      -A ISTIO_OUTPUT -m owner \(owner) -j RETURN
      """
  }
}
