import { exportSource } from '../../exports/export-source.ts'
import { FORMS } from './forms.ts'

/** Lists of keys, tokens, clients and webhooks that services print, one row a kind: see its README for which. */
export const servicesSource = exportSource(
  'services',
  [
    ...[
      '_api_key"',
      'project.api_key"',
      'service_account"',
      '"partial_key_hint"',
      '"public-key"',
      '"verify_tls"',
      '"applicationId"',
    ],
    ...[
      '"expiry_time"',
      '"oidc_policy"',
      '"serviceAccountsEnabled"',
      '"public_key"',
      '"nb_api_keys"',
      '"default_project_id"',
    ],
    ...['"role_restriction"', '"login_name"', '"secret_jwt_template"', '"ect_', '"icfg_', '"whk_', '"account_hook_'],
  ],
  FORMS,
)
