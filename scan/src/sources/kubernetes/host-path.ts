import type { Location, Reach, Trait } from '../../report.ts'

/** A folder of its node that a pod has. */
export interface NodeFolder {
  readonly path: string
  readonly isReadOnly: boolean
  readonly workload: string
  /** How it has it, where the pod does not say so itself. */
  readonly by: string
  readonly where: Location
}

/** What is remarkable about it: the engine's socket, what may be written, and what is all of the node. */
export const hostPathTrait = ({ path, isReadOnly, workload, by, where }: NodeFolder): Trait[] => {
  const detail = `${path} in ${workload}${by}`
  if (SOCKET.test(path)) return [{ trait: 'k8s:engine-socket', detail, where }]
  const isWhole = isWholeNode(path)
  if (isReadOnly && !isWhole) return []
  return [
    {
      trait: 'k8s:host-path',
      detail: `${detail}${isReadOnly ? ', only read' : ''}`,
      where,
      ...(isWhole && !isReadOnly ? { severity: 'high' } : {}),
    },
  ]
}

/** The folder as something that is reached. */
export const hostPathReach = ({ path, isReadOnly }: NodeFolder, because: string): Reach => ({
  what: `${path} on the node`,
  access: isReadOnly ? 'read' : 'write',
  because,
})

/** With such a folder, whoever writes is root on the node, and whoever reads has its kubelet's key. */
export const isWholeNode = (path: string): boolean => WHOLE_NODE.test(path)

const SOCKET = /(?:docker|podman|containerd|crio|cri-dockerd)\.sock$/
const WHOLE_NODE =
  /^\/(?:$|etc(?:$|\/kubernetes)|root|home$|proc$|var$|var\/lib$|var\/lib\/(?:kubelet|docker|containerd|etcd)|usr$|usr\/bin$|boot|dev$)/
