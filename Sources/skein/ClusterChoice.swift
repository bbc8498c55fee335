internal import ArgumentParser
internal import Foundation
internal import KubernetesClient

/// Which cluster `skein serve` is for, if any: what the options say, else that of the pod it runs in.
struct ClusterChoice {
  let isStandalone: Bool
  let kubeconfig: String?
  let context: String?
  let environment: Environment

  /// How to reach the cluster; nil for one machine with an API of its own.
  func configuration() throws -> KubernetesClient.Configuration? {
    if isStandalone {
      guard kubeconfig == nil else {
        throw ValidationError("--standalone and --kubeconfig exclude each other")
      }
      return nil
    }
    if let kubeconfig {
      do throws(Kubeconfig.Failure) {
        return try Kubeconfig(paths: kubeconfig).configuration(context: context)
      } catch {
        throw CleanFailure("\(error)", code: ExitCode(78))
      }
    }
    return ServiceAccountMount().configuration(
      host: environment["KUBERNETES_SERVICE_HOST"], port: environment["KUBERNETES_SERVICE_PORT"])
  }

  /// Whether this process runs in a pod, where everybody in the cluster has to reach it.
  static func isInPod(_ environment: Environment) -> Bool {
    environment["KUBERNETES_SERVICE_HOST"] != nil && ServiceAccountMount().exists
  }

  /// The pod's name, else one that no other process has.
  static func replicaName(_ environment: Environment) -> String {
    if let name = environment["POD_NAME"], !name.isEmpty { return name }
    let info = ProcessInfo.processInfo
    return "\(info.hostName)-\(info.processIdentifier)-\(UInt32.random(in: 0 ... .max))"
  }
}
