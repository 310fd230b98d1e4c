/** Where a cloud of Microsoft's is asked: for tokens, for the directory (Graph), for resources (Resource Manager). */
export interface AzureCloud {
  readonly login: string
  readonly graph: string
  readonly arm: string
}

/** Microsoft's clouds, as their documents name their endpoints; they share nothing, least of all tenants. */
export const CLOUDS = {
  public: {
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    arm: 'https://management.azure.com',
  },
  'us-government': {
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    arm: 'https://management.usgovcloudapi.net',
  },
  'us-defense': {
    login: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    arm: 'https://management.usgovcloudapi.net',
  },
  china: {
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    arm: 'https://management.chinacloudapi.cn',
  },
} as const satisfies Readonly<Record<string, AzureCloud>>
