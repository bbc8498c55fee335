// MeshIngest
