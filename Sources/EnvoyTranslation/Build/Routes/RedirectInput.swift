internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// A redirect; `port` is nil where the client's own or the scheme's default is meant.
package struct RedirectInput: Hashable, Sendable {
  package var redirect: HTTPRedirect
  package var port: UInt32?

  func write(_ action: inout Envoy.RedirectAction) {
    if !redirect.authority.isEmpty { action.hostRedirect(redirect.authority) }
    if !redirect.uri.isEmpty { action.pathRedirect(redirect.uri) }
    if !redirect.prefixRewrite.isEmpty { action.prefixRewrite(redirect.prefixRewrite) }
    if !redirect.scheme.isEmpty { action.schemeRedirect(redirect.scheme) }
    if let port { action.portRedirect(port) }
    switch redirect.redirectCode {
    case 302: action.responseCode(.found)
    case 303: action.responseCode(.seeOther)
    case 307: action.responseCode(.temporaryRedirect)
    case 308: action.responseCode(.permanentRedirect)
    default: action.responseCode(.movedPermanently)
    }
  }
}
