// With any of these a container is as good as root on the machine that runs it (capabilities(7)).
const STRONG = new Set(['ALL', 'SYS_ADMIN', 'SYS_PTRACE', 'SYS_MODULE', 'DAC_READ_SEARCH', 'BPF', 'SYS_RAWIO'])

/** Whether a Linux capability that is added to a container opens the machine to it, with or without `CAP_`. */
export const isStrongCapability = (name: string): boolean => STRONG.has(name.toUpperCase().replace(/^CAP_/, ''))
