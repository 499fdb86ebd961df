"""Lumenbrook: dashboards and reporting for retail chains. Customers write short and to the point."""

from ingestion.sandbox.catalogue import DEFAULT_PIPELINE
from ingestion.sandbox.vendors.base import Topic, Vendor

_BILLING = Topic(
    name="Billing",
    description="Invoices, payments, plans, seats and refunds.",
    category="BILLING_ISSUE",
    subjects=(
        "Invoice {ref}",
        "Question on our {month} invoice",
        "Seat count on the bill",
        "Charged for {n} extra seats",
    ),
    asks=(
        "Where do I change the billing address that is printed on our invoices?",
        "Can you send the {month} invoice with our purchase order number {ref} on it?",
        "We are adding {n} viewers next month. Will they be prorated or billed for the whole month?",
        "Is there a way to have invoices sent to a second address, our bookkeeping inbox?",
        "Which currency will the invoice be in once we move the subsidiary onto the same contract?",
    ),
    faults=(
        "The {month} invoice lists {big} seats, and we have had {n} since spring.",
        "We were charged twice on {day}: two payments for invoice {ref} left our account.",
        "The credit note you promised in {month} does not show up on the new invoice.",
        "Our card was charged the old price although the new contract started in {month}.",
        "The refund for the seats we removed {n} weeks ago has not arrived.",
    ),
    praises=(
        "The corrected invoice came within the hour",
        "The new billing page finally shows seats and dates in one place",
        "Moving us to annual billing took one short call",
    ),
)
_LOGIN = Topic(
    name="Login & SSO",
    description="Signing in, single sign-on, passwords and two-factor codes.",
    category="PRODUCT_ISSUE",
    subjects=("Sign-in for {team}", "SSO with our identity provider", "Two-factor codes", "Password reset mail"),
    asks=(
        "How do I add a second domain to our single sign-on setup?",
        "Does the session length follow our identity provider, or is there a setting on your side?",
        "Which claim do you read the department from when a user signs in through SSO?",
        "We rotate our SAML certificate on {day}. Where do I upload the new one?",
        "Can store managers sign in with a code by text message instead of the app?",
    ),
    faults=(
        "Since {day} {team} get sent back to the login page after the SSO redirect, error {code}.",
        "Password reset mails do not arrive for {n} of our people, we checked spam and the mail gateway.",
        "Two-factor codes are rejected as expired although they are seconds old.",
        "{n} users were logged out in the middle of the morning review and could not sign in again until {time}.",
        "New starters land on an empty account after their first sign-in instead of in our workspace.",
    ),
    praises=(
        "Single sign-on was set up in twenty minutes with your guide",
        "Signing in from the stores is so much quicker since the update",
        "The new session setting is exactly what our auditors wanted",
    ),
)
_REPORTING = Topic(
    name="Reporting",
    description="Dashboards, charts, scheduled reports, exports and the figures in them.",
    category="PRODUCT_ISSUE",
    subjects=("Weekly sales report", "Figures on the store dashboard", "Scheduled export", "Margin chart"),
    asks=(
        "How do I compare this week with the same week last year in the store dashboard?",
        "Can the weekly sales report leave out stores that opened less than {n} months ago?",
        "Is it possible to send the margin report as a spreadsheet and not as PDF?",
        "Where is the definition of net sales that the overview tile uses?",
        "How many scheduled reports can one workspace have?",
    ),
    faults=(
        "The weekly sales report shows zero for {n} stores that were open all week.",
        "Net sales on the dashboard and in the export differ by {big} for the same day.",
        "The scheduled report did not go out on {day}, and the one before came {n} hours late.",
        "The margin chart counts returns twice since the update on {day}.",
        "Filters on the regional dashboard reset themselves every time somebody else opens it.",
    ),
    praises=(
        "The new comparison view saves {team} half a day every week",
        "The regional dashboard is the first thing our board looks at",
        "The margin report found a pricing mistake we had missed for months",
    ),
)
_API = Topic(
    name="Integrations & API",
    description="Connectors to tills, shops and warehouses, the API, webhooks and tokens.",
    category="PRODUCT_ISSUE",
    subjects=("API question", "Till connector", "Webhook for new stores", "Sync with our shop system"),
    asks=(
        "What is the rate limit of the export API for our plan?",
        "Does the till connector pick up voided receipts, or only completed ones?",
        "Is there a webhook for when a store is added?",
        "Which fields of the product feed are required, and which may stay empty?",
        "Can one API token be limited to read access on a single workspace?",
    ),
    faults=(
        "The till connector stopped at {time} on {day} with {code}, and no receipts have come in since.",
        "The API answers {code} for every request with more than {n} store ids in it.",
        "Our webhooks arrive twice, and sometimes {n} minutes late.",
        "The shop sync drops every order that carries a voucher.",
        "The token we created on {day} is refused although it is listed as active.",
    ),
    praises=(
        "The connector for our new tills worked on the first try",
        "Your API documentation is the clearest {team} have worked with",
        "The webhook for new stores replaced a script nobody wanted to own",
    ),
)
_PERFORMANCE = Topic(
    name="Performance",
    description="Slow pages, timeouts and outages.",
    category="PRODUCT_ISSUE",
    subjects=("Dashboard loading time", "Slow on Monday mornings", "Timeouts", "Loading times in the stores"),
    asks=(
        "Is there a page where planned maintenance is announced?",
        "How long are queries allowed to run before they are cut off?",
        "Would splitting our {big} products into two workspaces shorten loading times?",
        "Which browsers do you test loading times with?",
        "Is there a region closer to our stores that our data could be kept in?",
    ),
    faults=(
        "The overview needs {n} minutes to load for {team}, every morning between eight and ten.",
        "Everything timed out from {time} on {day}, and the status page stayed green.",
        "Opening the product list with {big} rows freezes the browser.",
        "Since the last release every filter takes {n} seconds longer than before.",
        "Exports over {big} rows end in a timeout, {code}.",
    ),
    praises=(
        "The overview now opens in a second or two, even on Mondays",
        "We noticed that the big exports run twice as quick since last week",
        "Your status page and the note afterwards were a model of how to do it",
    ),
)
_IMPORT = Topic(
    name="Data import",
    description="Loading sales, products and history from files.",
    category="PRODUCT_ISSUE",
    subjects=("Import of sales history", "File format for products", "Nightly upload", "Rows rejected in import"),
    asks=(
        "Which date format does the sales import expect for stores in two time zones?",
        "Can an import be undone after it has finished?",
        "What is the largest file the nightly upload takes?",
        "How are products matched when the barcode is missing?",
        "We want to load {n} years of history. In which order should the files be sent?",
    ),
    faults=(
        "The import stopped at row {big} with {code} and gives no hint which column it means.",
        "The nightly upload on {day} loaded the file twice, our sales figures are doubled.",
        "{big} rows were rejected as duplicates although every one has its own receipt number.",
        "Special characters in product names come out garbled after the import.",
        "The history import has been at {n} percent since {day}.",
    ),
    praises=(
        "Loading five years of history went through without a single rejected row",
        "The preview before an import is a lovely idea and saved us from a bad file",
        "The template for products made the import easy for {team}",
    ),
)
_PERMISSIONS = Topic(
    name="Permissions",
    description="Roles, who sees which stores, sharing and audit.",
    category="GENERAL_INQUIRY",
    subjects=("Role for regional managers", "Access to {n} stores", "Sharing a dashboard", "Audit log"),
    asks=(
        "How do I give a regional manager access to {n} stores and nothing else?",
        "Can a role be copied from one workspace to another?",
        "Who can see a dashboard that is shared by link?",
        "Is there a list of everyone who opened the payroll cost report last month?",
        "What happens to the dashboards of a user whom we deactivate?",
    ),
    faults=(
        "Store managers can see the margin of other stores since {day}, which they should not.",
        "{team} lost access to their own dashboards after the role change on {day}.",
        "Removing a user from a role does nothing until they sign out and in {n} times.",
        "The audit log has no entries between {day} and today.",
        "A shared link still works although sharing was switched off {n} days ago.",
    ),
    praises=(
        "The new roles fit the way our regions are organised",
        "Copying a role to the other workspace took a minute",
        "The audit log answered every question our auditors had",
    ),
)
_MOBILE = Topic(
    name="Mobile app",
    description="The app on phones and tablets in the stores.",
    category="PRODUCT_ISSUE",
    subjects=("App on store tablets", "Notifications on the phone", "App version {n}", "Offline mode"),
    asks=(
        "Which tablet models does the app support from version {n} on?",
        "Can push notifications be limited to the opening hours of a store?",
        "Does the app keep yesterday's figures when a tablet is offline?",
        "Is the app available through our device management?",
        "How do I switch the app to another store without signing out?",
    ),
    faults=(
        "The app closes by itself on our tablets whenever the sales tile is tapped, since version {n}.",
        "Push notifications for {n} stores stopped on {day}.",
        "The app shows yesterday's figures all day and does not refresh.",
        "After the update {team} had to sign in again on {big} tablets, one by one.",
        "The offline mode loses the stock counts somebody entered in the basement.",
    ),
    praises=(
        "The app is a joy on the new tablets",
        "Our store managers love the morning notification",
        "Offline mode works wonderfully in the basement storage",
    ),
)
_ONBOARDING = Topic(
    name="Onboarding",
    description="First setup, training and help with getting started.",
    category="GENERAL_INQUIRY",
    subjects=("Training for {team}", "Next setup step", "Kick-off call", "Guide for new users"),
    asks=(
        "Can we book a second training session for {team} in the week of {day}?",
        "Which setup step comes after the tills are connected?",
        "Is there a short guide we can hand to new store managers?",
        "Who is our contact during the setup, and until when?",
        "Do you have an example workspace that we could practise in?",
    ),
    faults=(
        "Nobody joined our kick-off call on {day}, and {team} sat there for {n} minutes.",
        "The setup guide describes screens that do not exist any more.",
        "We have waited {n} weeks for the second training date.",
        "Three different people have asked us for the same store list during the setup.",
        "The setup assistant jumps back to step {n} each time we save.",
    ),
    praises=(
        "The training was excellent, {team} were using it the same afternoon",
        "The kick-off was well prepared and friendly",
        "Your guide for new store managers is great",
    ),
)
_FEATURES = Topic(
    name="Feature request",
    description="Wishes for things the product does not do yet.",
    category="FEATURE_REQUEST",
    subjects=("Idea: forecast per store", "Wish: dark mode", "Request for a calendar view", "Suggestion for exports"),
    asks=(
        "Is a forecast per store on your roadmap?",
        "We would use a calendar view for promotions. Is something like that planned?",
        "Could exports carry the name of the person who ran them?",
        "It would be useful to pin {n} tiles to the top. Has anybody asked for that before?",
        "Would you consider comments on single figures, so that {team} can explain a dip?",
    ),
    faults=(
        "We asked for a forecast per store {n} months ago and have heard nothing since.",
        "The feature that was announced for {month} is still not there, and we planned with it.",
        "The calendar view was taken away in the last release without any replacement.",
        "Our request {ref} was closed as done although nothing has changed.",
        "We still copy figures by hand because exports cannot be combined.",
    ),
    praises=(
        "Comments on figures were our wish, and they are better than we imagined",
        "You built the pinned tiles we asked for in {month}",
        "It is great to see our suggestions turn up in releases",
    ),
)

LUMENBROOK = Vendor(
    slug="lumenbrook",
    name="Lumenbrook",
    product="Lumenbrook",
    plan_tier="pro",
    currency="USD",
    time_zone="America/Chicago",
    ui_domain="app.hubspot.com",
    mrr_property="monthly_recurring_revenue",
    renewal_property="renewal_date",
    last_login_property="last_login_at",
    onboarding_step_property="onboarding_step",
    usage_property="usage_30d",
    usage_label="Dashboards opened, last 30 days",
    industry=("Retail", "Grocery", "Sporting goods", "Furniture", "Pharmacy"),
    teams=("our controllers", "our store managers", "the regional team", "our category managers", "head office"),
    staff=(
        ("Maren", "Oduya", False),
        ("Theo", "Lindqvist", False),
        ("Priya", "Castellan", False),
        ("Jonah", "Abara", False),
        ("Wanda", "Kessel", True),
    ),
    pipelines=(DEFAULT_PIPELINE,),
    customer_words=(
        (
            "Alder",
            "Birch",
            "Copper",
            "Dover",
            "Elm",
            "Fairfield",
            "Granite",
            "Harbor",
            "Juniper",
            "Kestrel",
            "Linden",
            "Maple",
            "Northgate",
            "Orchard",
            "Prairie",
            "Quarry",
            "Ridge",
            "Summit",
            "Thistle",
            "Willow",
        ),
        ("Grocers", "Outfitters", "Home", "Pharmacies", "Markets", "Sports", "Stores", "Garden", "Books", "Hardware"),
    ),
    topics=(
        _BILLING,
        _LOGIN,
        _REPORTING,
        _API,
        _PERFORMANCE,
        _IMPORT,
        _PERMISSIONS,
        _MOBILE,
        _ONBOARDING,
        _FEATURES,
    ),
)
"""Dashboards for retail chains, billed in dollars."""
