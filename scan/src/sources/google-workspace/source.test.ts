import { testExports } from '../../../test/export-table.ts'
import { googleWorkspaceSource } from './source.ts'

const token = (...scopes: readonly string[]) => ({
  kind: 'admin#directory#token',
  clientId: '1.apps.googleusercontent.com',
  displayText: 'Sync',
  userKey: 'ann@acme.example',
  scopes,
})

testExports(googleWorkspaceSource, [
  ['an application that knows who somebody is', token('https://www.googleapis.com/auth/userinfo.email'), []],
  ['an application that reads the files it made', token('https://www.googleapis.com/auth/drive.file'), []],
  ['an application with all files', token('https://www.googleapis.com/auth/drive'), ['app/wide-scopes high']],
  ['an application with all mail', token('https://mail.google.com/'), ['app/wide-scopes high']],
  [
    'an application with the directory',
    token('https://www.googleapis.com/auth/admin.directory.user'),
    ['app/wide-scopes high'],
  ],
  [
    'a password for programs',
    {
      kind: 'admin#directory#asp',
      codeId: 1,
      name: 'printer',
      userKey: 'ann@acme.example',
      creationTime: '1785542400000',
      lastTimeUsed: '1787000000000',
    },
    ['credential/of-a-person medium', 'credential/without-end medium'],
  ],
])
