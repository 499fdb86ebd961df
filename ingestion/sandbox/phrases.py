"""How people sound: greetings, consequences, feelings and goodbyes by mood, whatever product they write about.

Sentences may hold the same places in braces as the vendors' ones. Moods are the five sentiment levels.
"""

GREETINGS: dict[str, tuple[str, ...]] = {
    "very_negative": ("", "", "To whom it may concern,", "Hello support,", "{agent},", "Again."),
    "negative": ("Hello,", "Hi,", "Hi {agent},", "Good morning,", "Dear support team,", ""),
    "neutral": ("Hello,", "Hi,", "Hi {agent},", "Good morning,", "Hi there,", "Hello {product} team,", "Dear all,", ""),
    "positive": ("Hi {agent},", "Hello {product} team,", "Good morning,", "Hi all,", "Dear {agent},"),
    "very_positive": ("Hi {agent}!", "Dear {product} team,", "Hello everyone,", "Hi {agent},"),
}

OPENERS: dict[str, tuple[str, ...]] = {
    "very_negative": (
        "This is the {nth} time I write about this and I have had enough.",
        "I am furious.",
        "What on earth is going on over there?",
        "I honestly cannot believe that this is broken again.",
        "We are completely fed up.",
        "This is a disgrace.",
        "I have never seen support this bad.",
        "Is anybody reading these tickets at all?",
        "Enough is enough.",
    ),
    "negative": (
        "I am sorry to come back to this, but it is still not solved.",
        "We have a problem that is getting in our way.",
        "I am disappointed that I have to write again.",
        "Unfortunately this is not working for us.",
        "Something is wrong here and it is becoming annoying.",
        "We are not happy with the following.",
        "I had hoped this would be fixed by now.",
        "Sadly the answer from {day} did not solve anything.",
    ),
    "neutral": (
        "A question from {team}.",
        "Quick question.",
        "I could not find this in the documentation.",
        "One thing we came across while preparing {month}.",
        "{first} from {team} asked me to find out.",
        "We are going through our setup.",
        "For our records:",
        "",
        "",
    ),
    "positive": (
        "Just a short note.",
        "Some feedback from {team}.",
        "I wanted to get back to you after the last release.",
        "Following up on ticket {ref}.",
        "This can be closed.",
        "For once no complaint.",
    ),
    "very_positive": (
        "I have to say this once: you are amazing.",
        "What a fantastic week with {product}!",
        "We are thrilled.",
        "Please pass this on to everybody who worked on it.",
        "I rarely write something like this.",
        "Best support we have ever had.",
    ),
}

DETAILS: tuple[str, ...] = (
    "It concerns {n} of our sites.",
    "Our reference is {ref}.",
    "We use {browser} on {device}.",
    "Ticket {ref} may be related.",
    "This came up in the review on {day}.",
    "We have {big} records in there by now.",
    "For context, we have been with you since {year}.",
    "The same setup is used by {team}.",
    "{first} takes care of this on our side, reachable after {time}.",
    "We go over it again on {day}.",
    "{first} asked the same in {month}.",
)
"""Said beside a question or a fault."""

FAULT_DETAILS: tuple[str, ...] = (
    "{first} from {team} noticed it on {day} around {time}.",
    "It is the same on {device} and at home.",
    "{first} can show it in a call, any day after {time}.",
    "A screenshot is attached.",
    "Nothing was changed on our side since {day}.",
    "It happens with {browser} and on {device} alike.",
    "We tried it again at {time}, with the same result.",
)
"""Said beside a fault only."""

CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "very_negative": (
        "We lost a whole day of work because of this mess.",
        "{team_up} are working nights to clean up the damage you caused.",
        "Our own customers are screaming at us.",
        "This has cost us {big} in overtime already, and you do not seem to care.",
        "My boss asked me today why we pay for garbage like this.",
        "It made us look like idiots in front of our board.",
        "{first} has wasted {n} hours on hold with your hotline, for nothing.",
        "Everything stands still and nobody at your end gives a damn.",
    ),
    "negative": (
        "{team_up} have to do it by hand meanwhile, which is tedious.",
        "It costs us about {n} hours a week.",
        "We missed a deadline because of it.",
        "{first} has started to keep a spreadsheet on the side, which defeats the purpose.",
        "Nobody has answered since {day}.",
        "It is embarrassing when {team} ask me about it.",
        "We cannot rely on the figures at the moment.",
        "The workaround you suggested fails as well.",
    ),
    "positive": (
        "{team_up} are happy.",
        "It makes {day} mornings easier.",
        "{first} is pleased with it as well.",
        "That solved it for us.",
        "It does what we hoped for.",
        "We will roll it out to the other {n} sites next.",
    ),
    "very_positive": (
        "{team_up} love it.",
        "It has made our work so much better.",
        "{first} called it the best tool we have, and I agree.",
        "Honestly, this is brilliant.",
        "We recommend you to everyone we know.",
        "I showed it to a friend at another firm and she was impressed.",
    ),
}

FEELINGS: dict[str, tuple[str, ...]] = {
    "very_negative": (
        "This is absolutely unacceptable.",
        "The worst experience we have had with any supplier.",
        "Your support is useless and I am sick of being ignored.",
        "A terrible product, and an even worse service.",
        "I am appalled by how we are treated.",
        "This is a horrible way to treat paying customers.",
        "We have lost all trust in {product}.",
        "It is a nightmare, every single week.",
    ),
    "negative": (
        "This is frustrating.",
        "I expected better.",
        "We are disappointed.",
        "It is not what we were promised.",
        "That is poor for a product at this price.",
        "It worries me that it takes so long.",
        "It is annoying to explain the same thing {n} times.",
        "This is not good enough.",
    ),
}

CLOSINGS: dict[str, tuple[str, ...]] = {
    "very_negative": (
        "I expect a call today.",
        "Get me your manager.",
        "Fix it. Now.",
        "Do not send me another link to the help pages.",
        "I want an answer in writing by {day}.",
        "",
    ),
    "negative": (
        "When will this be fixed?",
        "Please let me know what you are going to do about it.",
        "Please look into it soon.",
        "I would like an honest estimate.",
        "Can somebody who knows the matter get in touch?",
        "",
    ),
    "neutral": (
        "Thanks in advance",
        "No hurry.",
        "An answer by {day} is fine.",
        "Thank you.",
        "A link to the right page is enough.",
        "",
        "Regards",
        "Let me know if you need more information.",
    ),
    "positive": (
        "Thanks again!",
        "Thank you for the quick answer.",
        "Keep it up.",
        "Good work, thanks.",
        "Many thanks",
    ),
    "very_positive": (
        "Thank you so much!",
        "Thank you, thank you, thank you!",
        "You have made our week.",
        "A huge thank you from all of us.",
        "Wonderful work, thank you!",
    ),
}

CHURN: dict[str, tuple[str, ...]] = {
    "explicit": (
        "If this is not solved by {day} we will cancel our contract.",
        "We are cancelling {product} at the end of {month}. Consider this our notice.",
        "Please confirm our cancellation in writing.",
        "We have decided to leave {product} and move to another provider.",
        "I want to terminate our subscription, effective {month}.",
        "We will not renew. Tell me how to close our account.",
    ),
    "implied": (
        "We have started to look at what other vendors offer.",
        "Our management is asking whether {product} is still the right choice for us.",
        "Remind me when our contract can be ended?",
        "I do not know how to defend the renewal in front of our board.",
        "{first} has a demo with one of your competitors on {day}.",
        "At this rate we will have to rethink working with you.",
    ),
}

POLITE_EXITS: tuple[str, ...] = (
    (
        "Could you send us the steps to export everything we have stored in {product}? And what is the notice period in "
        "our contract? We are going through our suppliers for next year."
    ),
    (
        "Two formal questions. By which date would we have to give notice before the renewal in {month}? And for how long "
        "is our data kept after a contract ends?"
    ),
    (
        "Our group is moving to one common system in the coming year. Please tell us what a handover of our data would "
        "look like, and who to talk to about the end of the term."
    ),
    (
        "As part of a review of all our tools I need three things: the end date of our contract, the notice period, and a "
        "full export. {first} will take over the conversation on {day}."
    ),
    (
        "Please switch our plan from automatic renewal to manual. We have not made up our minds yet. How do we get a "
        "complete copy of our data in the meantime?"
    ),
)

CALM_FAULTS: tuple[str, ...] = (
    "Noticed this in passing, nothing is blocked on our side.",
    "Low priority for us, just so that you know about it.",
    "No harm done, we found a way around it.",
    "Mentioning it for completeness.",
)

EMOJI: dict[str, tuple[str, ...]] = {
    "very_positive": ("🎉", "🙌", "😍", "💯", "🚀", "🥳", "❤️", "👏"),
    "very_negative": ("😡", "🤬", "👎", "💩", "😤", "🤦"),
}

BROWSERS = ("Chrome", "Firefox", "Edge", "Safari", "the desktop app")
DEVICES = ("Windows laptops", "the office desktops", "tablets", "a terminal server", "company phones", "Macs")
CODES = ("E-4012", "HTTP 500", "error 1187", "E-2205", "HTTP 422", "code 77", "HTTP 503", "E-9010")
ORDINALS = ("third", "fourth", "fifth", "sixth", "second")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

FIRST_NAMES = (
    "Aisha", "Bruno", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Imani", "Jasper", "Keiko", "Lars", "Mina",
    "Nadia", "Oscar", "Paula", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Walter", "Ximena", "Yusuf", "Zoe",
    "Agnes", "Bela", "Conor", "Dalia", "Emil", "Freya", "Gavin", "Hana", "Ivo", "Jolene", "Kamal", "Leonie", "Marek",
)  # fmt: skip
LAST_NAMES = (
    "Abernathy", "Brandt", "Cortez", "Dalgaard", "Ekberg", "Farrow", "Gallo", "Hartwell", "Ibarra", "Jelinek", "Kovac",
    "Larkin", "Moreau", "Nwosu", "Okafor", "Petrov", "Quist", "Ramires", "Sandoval", "Takeda", "Ulrich", "Vance",
    "Weller", "Xu", "Yilmaz", "Zeller", "Ashdown", "Boateng", "Calloway", "Dressler", "Engel", "Fontaine", "Grieve",
)  # fmt: skip
JOB_TITLES = (
    "Operations manager", "Head of finance", "IT administrator", "Team lead", "Controller", "Managing director",
    "Project manager", "Office manager", "Analyst", "Purchasing manager",
)  # fmt: skip
