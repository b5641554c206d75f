"""Mails in German."""

from bridge.rules.letters.words import Words
from bridge.rules.payments.messages import Message

WORDS = Words(
    until="gilt bis {date}",
    renews="bezahlt bis {date}, verlängert sich mit jeder Zahlung",
    never="gilt unbegrenzt",
    on_trial="ein Schlüssel aus einem Testkauf: er öffnet nichts, was verkauft wird",
    joomla=(
        "Joomla: Öffnen Sie System → Aktualisieren → Update-Seiten (Update Sites), wählen Sie die Erweiterung und"
        " tragen Sie den Schlüssel als Download-Schlüssel ein.\n"
        "Danach findet System → Aktualisieren → Erweiterungen neue Versionen."
    ),
    dolibarr=(
        "Dolibarr: Öffnen Sie Start → Einstellungen → Module, dort die Einstellungen des Moduls, und tragen Sie den"
        " Schlüssel ein."
    ),
    held={
        "": "Sie gilt im Moment nicht.",
        "refunded": "Sie gilt nicht mehr, weil die Zahlung erstattet wurde.",
        "chargeback": "Sie gilt nicht mehr, weil die Zahlung zurückgebucht wurde.",
        "dispute": "Sie gilt vorerst nicht, weil der Zahlung widersprochen wurde.",
        "unpaid": "Sie gilt vorerst nicht, weil das Abonnement nicht bezahlt ist.",
        "paused": "Sie gilt vorerst nicht, weil das Abonnement pausiert.",
        "seat_removed": "Sie gilt nicht mehr, weil die Zahl der Schlüssel verringert wurde.",
    },
    free_again="Sie gilt wieder.",
    date="%d.%m.%Y",
)
_OWN = (
    "\n\nIhre Lizenzen, deren Websites und Downloads finden Sie hier; wer die Adresse hat, kommt hinein, behalten Sie"
    " sie also für sich: {my_page}"
)
_END = "\n\nFragen? {support}\n\n{seller}"
_LOOK = "\n\nDer Befehl „bridge payments attention“ zeigt, was auf eine Entscheidung wartet."
TEXTS = {
    Message.KEYS: (
        "Subject: Ihre Lizenz für {package}\n\nGuten Tag {customer},\n\n"
        "hier ist Ihre Lizenz für {package}. Bewahren Sie diese Mail auf: Wer den Schlüssel hat, kann die Lizenz"
        " nutzen.\n\n{keys}\n\n{how_to_enter}\n\nEinige Tage lang steht sie auch hier: {page}" + _OWN + _END
    ),
    Message.SALE_FAILED: (
        "Subject: Ihre Zahlung kam nicht an\n\nGuten Tag {customer},\n\n"
        "Ihre Zahlung für {package} ist fehlgeschlagen, daher gibt es noch keine Lizenz. Es wurde nichts abgebucht.\n"
        "Bitte versuchen Sie es noch einmal, vielleicht auf einem anderen Weg." + _END
    ),
    Message.PAYMENT_FAILED: (
        "Subject: Eine Zahlung für {package} ist fehlgeschlagen\n\nGuten Tag {customer},\n\n"
        "die Zahlung, die Ihre Lizenz für {package} verlängert, ist fehlgeschlagen. Sie wird in den nächsten Tagen"
        " wiederholt, und Ihre Lizenz gilt so lange weiter. Bitte prüfen Sie, ob Karte oder Konto noch stimmen.\n\n"
        "Sie können auch hier verlängern: {renewal_url}" + _END
    ),
    Message.KEY_STATE: (
        "Subject: Ihre Lizenz für {package}\n\nGuten Tag {customer},\n\n"
        "an dieser Lizenz hat sich etwas geändert:\n\n{keys}\n\n{state}" + _OWN + _END
    ),
    Message.REMINDER: (
        "Subject: Ihre Lizenz für {package} endet am {expires}\n\nGuten Tag {customer},\n\n"
        "Ihre Lizenz für {package} endet am {expires} und verlängert sich nicht von selbst:\n\n{keys}\n\n"
        "Hier verlängern Sie sie: {renewal_url}" + _OWN + _END
    ),
    Message.LINK: (
        "Subject: Ihre Lizenzen von {seller}\n\nGuten Tag {customer},\n\n"
        "Ihre Lizenzen, deren Websites und Downloads finden Sie hier:\n\n{my_page}\n\n"
        "Behalten Sie die Adresse für sich: Sie öffnet die Seite ohne Passwort und gilt nur einige Zeit. Dort können"
        " Sie eine neue anfordern.\nWenn Sie diese Mail nicht angefordert haben, brauchen Sie nichts zu tun." + _END
    ),
    Message.REVIEW: (
        "Subject: Ein Kauf wartet auf Ihre Entscheidung\n\n"
        "Den Kauf {purchase} ({package}) muss sich jemand ansehen:\n\n{what}" + _LOOK
    ),
    Message.STILL_RENEWING: (
        "Subject: Erstattet, aber das Abonnement läuft weiter\n\n"
        "Die letzte Zahlung des Abonnements {purchase} ({package}) wurde erstattet, es verlängert sich aber weiter.\n"
        "Beenden Sie es beim Zahlungsanbieter, falls das gemeint war."
    ),
    Message.DOUBLE_PAYMENT: (
        "Subject: Vielleicht hat jemand doppelt bezahlt\n\n"
        "Der Kauf {purchase} ({package}) gleicht einem anderen von derselben Adresse am selben Tag und ist vielleicht"
        " doppelt bezahlt: {what}\nBeide haben ihre Schlüssel. War es ein Versehen, erstatten Sie einen davon."
    ),
    Message.FRAUD_WARNING: (
        "Subject: Eine Bank hält eine Zahlung für Betrug\n\n"
        "Die Bank warnt, dass die Zahlung des Kaufs {purchase} ({package}) Betrug sein kann.\n"
        "Geändert wurde nichts. Wer jetzt erstattet, erspart sich oft den Streit; der Schlüssel wird dann widerrufen."
    ),
    Message.NO_ADDRESS: (
        "Subject: Ein Schlüssel ist da, und niemand weiß, wohin damit\n\n"
        "Der Zahlungsanbieter nannte keine Mailadresse zum Kauf {purchase} ({package}).\n"
        "Der Käufer sieht den Schlüssel auf der Seite nach dem Kauf. Tragen Sie die Adresse beim Schlüssel ein und"
        " senden Sie ihn noch einmal."
    ),
    Message.UNDELIVERED: (
        "Subject: Eine Lizenz konnte nicht zugestellt werden\n\n"
        "Die Mail mit der Lizenz des Kaufs {purchase} ({package}) wurde abgelehnt: {what}\n"
        "Die Adresse ist {email}. Berichtigen Sie sie beim Schlüssel und senden Sie ihn noch einmal."
    ),
}
