// The locales of Data Designer's person_from_faker, which are those of Python's Faker, and where their data is in Faker for
// JavaScript.

interface FakerLocale {
  /** The locale of Faker for JavaScript. */
  readonly data: string;
  /** It has no data of its own there: that of another language or country stands in. */
  readonly isStandIn?: true;
  /** Addresses have no state, as in Python's Faker. */
  readonly hasNoState?: true;
  readonly hasNoPhone?: true;
}

const STAND_IN = { isStandIn: true } as const;
const NO_STATE = { hasNoState: true } as const;

export const FAKER_LOCALES = {
  ar_AA: { data: 'ar' },
  ar_AE: { data: 'ar' },
  ar_BH: { data: 'ar' },
  ar_EG: { data: 'ar' },
  ar_JO: { data: 'ar' },
  ar_PS: { data: 'ar' },
  ar_SA: { data: 'ar' },
  az_AZ: { data: 'az', ...NO_STATE },
  bg_BG: { data: 'en', ...STAND_IN },
  bn_BD: { data: 'bn_BD', ...NO_STATE },
  bs_BA: { data: 'hr', ...STAND_IN },
  cs_CZ: { data: 'cs_CZ' },
  da_DK: { data: 'da' },
  de: { data: 'de' },
  de_AT: { data: 'de_AT' },
  de_CH: { data: 'de_CH', ...NO_STATE },
  de_DE: { data: 'de' },
  dk_DK: { data: 'da' },
  el_CY: { data: 'el' },
  el_GR: { data: 'el', ...NO_STATE },
  en: { data: 'en' },
  en_AU: { data: 'en_AU' },
  en_BD: { data: 'en', ...STAND_IN, ...NO_STATE },
  en_CA: { data: 'en_CA', ...NO_STATE },
  en_GB: { data: 'en_GB', ...NO_STATE },
  en_IE: { data: 'en_IE', ...NO_STATE },
  en_IN: { data: 'en_IN' },
  en_NZ: { data: 'en_AU', ...STAND_IN, ...NO_STATE },
  en_PH: { data: 'en', ...STAND_IN, ...NO_STATE, hasNoPhone: true },
  en_TH: { data: 'en', ...STAND_IN },
  en_US: { data: 'en_US' },
  es: { data: 'es' },
  es_AR: { data: 'es', ...NO_STATE },
  es_CA: { data: 'es' },
  es_CL: { data: 'es', ...NO_STATE },
  es_CO: { data: 'es', ...NO_STATE },
  es_ES: { data: 'es' },
  es_MX: { data: 'es_MX' },
  et_EE: { data: 'en', ...STAND_IN },
  fa_IR: { data: 'fa' },
  fi_FI: { data: 'fi' },
  fil_PH: { data: 'en', ...STAND_IN, ...NO_STATE, hasNoPhone: true },
  fr_BE: { data: 'fr_BE' },
  fr_CA: { data: 'fr_CA', ...NO_STATE },
  fr_CH: { data: 'fr_CH', ...NO_STATE },
  fr_FR: { data: 'fr', ...NO_STATE },
  ga_IE: { data: 'en_IE', ...STAND_IN },
  he_IL: { data: 'he', ...NO_STATE },
  hi_IN: { data: 'en_IN', ...STAND_IN },
  hr_HR: { data: 'hr' },
  hu_HU: { data: 'hu', ...NO_STATE },
  hy_AM: { data: 'hy' },
  id_ID: { data: 'id_ID' },
  it_CH: { data: 'it' },
  it_IT: { data: 'it' },
  ja_JP: { data: 'ja', ...NO_STATE },
  ka_GE: { data: 'ka_GE', ...NO_STATE },
  ko_KR: { data: 'ko', ...NO_STATE },
  la: { data: 'it', ...STAND_IN },
  lb_LU: { data: 'fr_LU', ...STAND_IN },
  lt_LT: { data: 'en', ...STAND_IN },
  lv_LV: { data: 'lv' },
  mt_MT: { data: 'en', ...STAND_IN },
  ne_NP: { data: 'ne', ...NO_STATE },
  nl_BE: { data: 'nl_BE', ...NO_STATE },
  nl_NL: { data: 'nl', ...NO_STATE },
  no_NO: { data: 'nb_NO', ...NO_STATE },
  or_IN: { data: 'en_IN', ...STAND_IN },
  pl_PL: { data: 'pl', ...NO_STATE },
  pt_BR: { data: 'pt_BR' },
  pt_PT: { data: 'pt_PT', ...NO_STATE },
  ro_RO: { data: 'ro' },
  ru_RU: { data: 'ru', ...NO_STATE },
  sk_SK: { data: 'sk' },
  sl_SI: { data: 'sl_SI' },
  sq_AL: { data: 'en', ...STAND_IN },
  sv_SE: { data: 'sv' },
  ta_IN: { data: 'ta_IN' },
  th: { data: 'th', ...NO_STATE },
  th_TH: { data: 'th', ...NO_STATE },
  tl_PH: { data: 'en', ...STAND_IN, ...NO_STATE, hasNoPhone: true },
  tr_TR: { data: 'tr' },
  tw_GH: { data: 'en_GH', ...STAND_IN },
  uk_UA: { data: 'uk', ...NO_STATE },
  vi_VN: { data: 'vi' },
  zh_CN: { data: 'zh_CN', ...NO_STATE },
  zh_TW: { data: 'zh_TW', ...NO_STATE },
  zu_ZA: { data: 'zu_ZA', ...NO_STATE },
} satisfies { readonly [locale: string]: FakerLocale };

export type FakerLocaleName = keyof typeof FAKER_LOCALES;

export const FAKER_LOCALE_NAMES = Object.keys(FAKER_LOCALES) as [FakerLocaleName, ...FakerLocaleName[]];

export function fakerLocale(name: string): FakerLocale {
  if (!Object.hasOwn(FAKER_LOCALES, name)) throw new TypeError(`Cannot make persons of "${name}"`);
  return FAKER_LOCALES[name as FakerLocaleName];
}
