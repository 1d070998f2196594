"""The built-in messages, as data: what people read, by name and locale.

Each is one segment with a code of 10 characters, an application's name of 11, an amount of 12 and a payee of 11.
English, German, French, Spanish, Italian and Portuguese keep to GSM 7-bit, which has no á, ã, ç, ê, í, ó, õ or ú: that
is why Spanish says "clave" and Portuguese "senha SMS". The other four have 70 characters; some of their transactions
leave out the application or the minutes. Minutes are abbreviated where their plural would depend on the number.

Arabic begins with an Arabic word, so that phones lay the line out from the right, and puts a left-to-right mark before
names and amounts, so that "12.50 CHF" or "24 Shop" keep their order; a code needs none, its digits never turn around.
"""

LRM = "\u200e"

TEXTS: dict[str, dict[str, str]] = {
    "default": {
        "en": "{code} is your {app} code, valid for {minutes} min. Never share it with anyone.",
        "de": "{code} ist Ihr Code für {app}, gültig für {minutes} Min. Geben Sie ihn niemals weiter.",
        "fr": "{code} est votre code {app}, valable {minutes} min. Ne le communiquez à personne.",
        "es": "{code} es su clave de {app}. Caduca en {minutes} min. No la comparta con nadie.",
        "it": "{code} è il suo codice {app}, valido per {minutes} min. Non lo comunichi a nessuno.",
        "pt": "{code} é a sua senha SMS para {app}. Expira em {minutes} min. Nunca a revele a ninguém.",
        "ja": "{app}の認証コードは{code}です。{minutes}分間有効です。他の人には絶対に教えないでください。",
        "ar": f"رمزك في {LRM}{{app}} هو {{code}}، صالح لمدة {{minutes}} د. لا تشاركه مع أحد.",
        "hi": "{code} आपका {app} कोड है। {minutes} मिनट तक मान्य। किसी को न बताएं।",
        "zh": "【{app}】您的验证码是{code}，{minutes}分钟内有效。请勿告诉任何人。",
    },
    "transaction": {
        "en": "{app}: code {code} to pay {amount} to {payee}, valid for {minutes} min. Never share it with anyone.",
        "de": "{app}: Code {code} für die Zahlung von {amount} an {payee}, gültig {minutes} Min. Niemals weitergeben.",
        "fr": "{app} : code {code} pour payer {amount} à {payee}, valable {minutes} min. Ne le communiquez à personne.",
        "es": "{app}: clave {code} para pagar {amount} a {payee}. Caduca en {minutes} min. No la comparta con nadie.",
        "it": "{app}: codice {code} per pagare {amount} a {payee}, valido {minutes} min. Non lo comunichi a nessuno.",
        "pt": "{app}: senha SMS {code} para pagar {amount} a {payee}. Expira em {minutes} min. "
        "Nunca a revele a ninguém.",
        "ja": "{payee}へ{amount}のお支払い。認証コードは{code}です（{minutes}分間有効）。他人に教えないでください。",
        "ar": f"رمز دفع {LRM}{{amount}} إلى {LRM}{{payee}} هو {{code}}. لا تعطه لأحد.",
        "hi": "{payee} को {amount} के भुगतान का कोड: {code}। साझा न करें।",
        "zh": "【{app}】您向{payee}支付{amount}，验证码{code}，{minutes}分钟内有效，请勿告诉他人。",
    },
}
