internal import NIOCore
internal import NIOPosix
internal import OpenSSLCrypto

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The addresses of a control plane, tried before anything starts, so that a taken one is told by the
/// name of its option and nothing has to be undone.
struct ListeningAddresses {
  /// Each with the option that sets it.
  var addresses: [(option: String, address: String)]

  init(_ configuration: ControlPlaneConfiguration) {
    addresses = [
      configuration.cluster == nil
        ? ("--api-address", configuration.apiAddress)
        : ("--webhook-address", configuration.webhookAddress)
    ]
    addresses += [
      ("--grpc-address", configuration.grpcAddress),
      ("--secure-grpc-address", configuration.secureGRPCAddress),
      ("--http-address", configuration.httpAddress),
      ("--monitoring-address", configuration.monitoringAddress),
    ]
  }

  /// The host that stands for all addresses: those of IPv6 are those of IPv4 too, where the kernel has them and
  /// nobody has set it to keep them apart.
  static var everyHost: String {
    #if canImport(Glibc)
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let descriptor = socket(AF_INET6, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return "0.0.0.0" }
    close(descriptor)
    let separation = try? PrivateFile.read("/proc/sys/net/ipv6/bindv6only")
    return separation?.first == UInt8(ascii: "1") ? "0.0.0.0" : "[::]"
  }

  /// Listens at each address for a moment.
  ///
  /// - Throws: `ControlPlaneError` with the option and the reason.
  func check() async throws(ControlPlaneError) {
    let group = MultiThreadedEventLoopGroup.singleton
    for (option, address) in addresses {
      guard let colon = address.lastIndex(of: ":"),
        let port = UInt16(address[address.index(after: colon)...])
      else { throw ControlPlaneError("\(option) \(address) is not of the form host:port") }
      let host = address[..<colon].trimmingBrackets
      do {
        let channel = try await ServerBootstrap(group: group)
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .bind(host: host, port: Int(port)).get()
        try await channel.close()
      } catch let error as IOError where error.errnoCode == EADDRINUSE {
        throw ControlPlaneError(
          "something else listens at \(address); end it or give \(option) another address")
      } catch {
        throw ControlPlaneError("\(option): nothing can listen at \(address): \(error)")
      }
    }
  }
}

extension Substring {
  /// An IPv6 address without the brackets around it.
  fileprivate var trimmingBrackets: String {
    hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
  }
}
