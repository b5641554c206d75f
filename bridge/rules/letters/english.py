"""Mails in English."""

from bridge.rules.letters.words import Words
from bridge.rules.payments.messages import Message

WORDS = Words(
    until="works until {date}",
    renews="paid until {date}, and goes on with each payment",
    never="never expires",
    on_trial="a key from a test purchase: it opens nothing for sale",
    joomla=(
        "Joomla: open System → Update → Update Sites, choose the extension, enter the key as Download Key, save.\n"
        "Then System → Update → Extensions finds new versions."
    ),
    dolibarr="Dolibarr: open Home → Setup → Modules, then the settings of the module, and enter the key there.",
    held={
        "": "It does not work at the moment.",
        "refunded": "It does not work any more, since the payment was refunded.",
        "chargeback": "It does not work any more, since the payment was charged back.",
        "dispute": "It does not work for now, since the payment is disputed.",
        "unpaid": "It does not work for now, since the subscription is not paid.",
        "paused": "It does not work for now, since the subscription is paused.",
        "seat_removed": "It does not work any more, since the purchase was reduced to fewer keys.",
    },
    free_again="It works again.",
    date="%-d %B %Y",
)
_OWN = (
    "\n\nYour licenses, their sites and downloads are here; whoever has the address is let in, so keep it to yourself: "
    "{my_page}"
)
_END = "\n\nQuestions? {support}\n\n{seller}"
_LOOK = "\n\nThe command “bridge payments attention” lists what waits for a decision."
TEXTS = {
    Message.KEYS: (
        "Subject: Your license for {package}\n\nHello {customer},\n\n"
        "this is your license for {package}. Keep this mail: whoever has the key can use the license.\n\n"
        "{keys}\n\n{how_to_enter}\n\nFor some days it is also shown here: {page}" + _OWN + _END
    ),
    Message.SALE_FAILED: (
        "Subject: Your payment did not arrive\n\nHello {customer},\n\n"
        "your payment for {package} failed, so there is no license yet. No money was taken.\n"
        "Please try again, perhaps in another way." + _END
    ),
    Message.PAYMENT_FAILED: (
        "Subject: A payment for {package} failed\n\nHello {customer},\n\n"
        "the payment that renews your license for {package} failed. It is tried again during the next days, and your "
        "license works on meanwhile. Please look whether your card or account is still right.\n\n"
        "You can also renew here: {renewal_url}" + _END
    ),
    Message.KEY_STATE: (
        "Subject: Your license for {package}\n\nHello {customer},\n\n"
        "something changed about this license:\n\n{keys}\n\n{state}" + _OWN + _END
    ),
    Message.REMINDER: (
        "Subject: Your license for {package} ends on {expires}\n\nHello {customer},\n\n"
        "your license for {package} ends on {expires}, and nothing renews it by itself:\n\n{keys}\n\n"
        "Renew it here: {renewal_url}" + _OWN + _END
    ),
    Message.LINK: (
        "Subject: Your licenses from {seller}\n\nHello {customer},\n\n"
        "your licenses, their sites and downloads are here:\n\n{my_page}\n\n"
        "Keep the address to yourself: it needs no password, and it works for some time only. There you can ask for a "
        "new one.\nIf you did not ask for this mail, you need not do anything." + _END
    ),
    Message.REVIEW: (
        "Subject: A purchase waits for your decision\n\n"
        "The purchase {purchase} ({package}) needs a person to look at it:\n\n{what}" + _LOOK
    ),
    Message.STILL_RENEWING: (
        "Subject: Refunded, but the subscription goes on\n\n"
        "The last payment of the subscription {purchase} ({package}) was refunded, yet the subscription still renews."
        "\nEnd it at the payment provider, if that is what was meant."
    ),
    Message.DOUBLE_PAYMENT: (
        "Subject: Perhaps somebody paid twice\n\n"
        "The purchase {purchase} ({package}) is so like another one of the same address within a day that it may have "
        "been paid twice: {what}\nBoth have their keys. If it was a mistake, refund one at the payment provider."
    ),
    Message.FRAUD_WARNING: (
        "Subject: A bank takes a payment for fraud\n\n"
        "The bank warns that the payment of the purchase {purchase} ({package}) may be fraud.\n"
        "Nothing was changed. A refund now often spares you the dispute; it revokes the key."
    ),
    Message.NO_ADDRESS: (
        "Subject: A key was made, and nobody knows where to send it\n\n"
        "The payment provider told no mail address for the purchase {purchase} ({package}).\n"
        "The buyer sees the key on the page after the purchase. Enter the address at the key, then send it again."
    ),
    Message.UNDELIVERED: (
        "Subject: A license could not be mailed\n\n"
        "The mail with the license of the purchase {purchase} ({package}) was refused: {what}\n"
        "The address is {email}. Correct it at the key, then send it again."
    ),
}
