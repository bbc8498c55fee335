// MeshTesting
