"""Quillhaven: payroll and staff records for mid-sized employers. Customers write politely and at some length."""

from ingestion.sandbox.catalogue import Pipeline, Stage
from ingestion.sandbox.vendors.base import Topic, Vendor

_BILLING = Topic(
    name="Billing",
    description="Invoices, price per employee, payment methods and contract questions.",
    category="BILLING_ISSUE",
    subjects=("Invoice {ref}", "Price per employee", "Direct debit in {month}", "Our yearly statement"),
    asks=(
        "Could you let us know how employees on parental leave are counted on the invoice?",
        "We would like to change from bank transfer to direct debit. Which form do you need from us?",
        "Would it be possible to receive one invoice for both of our companies?",
        "On which day of the month is the number of employees taken for the invoice?",
        "May we ask for a copy of invoice {ref}, addressed to our new name?",
    ),
    faults=(
        "Invoice {ref} counts {big} employees, while our headcount in {month} was {n}.",
        "The direct debit for {month} was collected twice, on two days in a row.",
        "The discount we agreed on in {month} is missing from the last {n} invoices.",
        "We have been sent a payment reminder for an invoice that was paid {n} weeks ago.",
        "Our invoices still go to a colleague who left the company in {month}.",
    ),
    praises=(
        "The billing team sorted out our invoice kindly and at once",
        "The new statement is very clear, our bookkeeper is delighted",
        "We appreciate the fair way you count employees on leave",
    ),
)
_LOGIN = Topic(
    name="Login & access",
    description="Signing in, employee invitations, passwords and single sign-on.",
    category="PRODUCT_ISSUE",
    subjects=("Invitation mails", "Sign-in of {n} employees", "Password rules", "Access for our works council"),
    asks=(
        "For how many days is an invitation mail valid?",
        "Could you explain how employees without a company mail address can sign in?",
        "Is it possible to require a second factor for payroll administrators only?",
        "Where can we see which employees have never signed in?",
        "What do we need to prepare to connect our own single sign-on?",
    ),
    faults=(
        "The invitation mails of {n} new colleagues lead to a page that says the link has expired, minutes after it was sent.",
        "Since {day} payroll administrators are asked for a second factor on every single page.",
        "{team} cannot sign in since the password rules changed on {day}; the reset page shows {code}.",
        "An employee who left in {month} can still sign in and read payslips.",
        "The single sign-on page stays blank for everybody in our second company.",
    ),
    praises=(
        "Inviting {big} employees in one go worked beautifully",
        "The sign-in with the company card is wonderfully simple",
        "Our works council was pleased with the access rules",
    ),
)
_PAYROLL = Topic(
    name="Payroll runs",
    description="Monthly payroll, corrections, taxes and payslips.",
    category="PRODUCT_ISSUE",
    subjects=("Payroll run {month}", "Correction for {month}", "Payslips", "Tax class changes"),
    asks=(
        "Until which day can we still enter bonuses for the {month} payroll?",
        "How is a tax class that changes in the middle of the month handled?",
        "Could you tell us where corrections of earlier months appear on the payslip?",
        "Is there a way to preview payslips before the run is released?",
        "Which report do we hand to the auditor for the whole year?",
    ),
    faults=(
        "The payroll run for {month} paid {n} employees the wrong overtime rate.",
        "The run for {month} was stuck at the approval step until {time} on {day}, and salaries went out late.",
        "Payslips of {n} colleagues show the church tax of another state.",
        "The correction we entered on {day} was applied twice.",
        "The bank file of the {month} run was rejected by our bank with {code}.",
    ),
    praises=(
        "The {month} payroll was the calmest we have ever had",
        "The preview of payslips is wonderful and spared us two mistakes",
        "Corrections are so easy now",
    ),
)
_ABSENCE = Topic(
    name="Absence & leave",
    description="Holidays, sick leave, balances and approvals.",
    category="PRODUCT_ISSUE",
    subjects=("Leave balance", "Sick notes", "Carry-over of holidays", "Approval by deputies"),
    asks=(
        "How do we set up a different carry-over of holidays for part-time staff?",
        "Could a deputy approve leave while a manager is away?",
        "Is a half day of sick leave possible?",
        "Where do public holidays of our second site come from?",
        "What does an employee see when a request is declined?",
    ),
    faults=(
        "Leave balances of {n} employees lost their carry-over on {day}.",
        "Requests for leave go to a manager who has not worked here for {n} months.",
        "Sick notes handed in by phone do not appear in the calendar of {team}.",
        "The calendar shows the public holidays of the wrong region since the update.",
        "Approved leave disappears again after the nightly calculation.",
    ),
    praises=(
        "Our employees love how easily leave can be requested",
        "The deputy rule works perfectly",
        "The leave calendar is a great relief for {team}",
    ),
)
_DOCUMENTS = Topic(
    name="Documents & signatures",
    description="Contracts, templates, e-signatures and the personnel file.",
    category="PRODUCT_ISSUE",
    subjects=("Contract template", "Signature of {n} documents", "Personnel file", "Letter of reference"),
    asks=(
        "Can a contract template hold a clause that depends on the site?",
        "Who receives the signed copy, and in which format?",
        "For how long are documents of former employees kept?",
        "Could we upload {big} scanned files in one step?",
        "Is the signature you use valid for fixed-term contracts?",
    ),
    faults=(
        "Signed contracts of {n} colleagues are not in their personnel files.",
        "The template for fixed-term contracts prints the name of another employee.",
        "Signature requests sent on {day} never arrived, and the status says delivered.",
        "Uploads of scanned files end with {code} after {n} percent.",
        "Letters of reference lose their layout when they are printed.",
    ),
    praises=(
        "Signing contracts takes us minutes now, it used to be weeks",
        "The templates are beautiful and easy to keep up",
        "The personnel file is finally complete, thanks to the upload tool",
    ),
)
_INTEGRATIONS = Topic(
    name="Integrations",
    description="Interfaces to time clocks, accounting and recruiting, and the API.",
    category="PRODUCT_ISSUE",
    subjects=("Interface to our time clocks", "Accounting export", "API access", "Recruiting connection"),
    asks=(
        "Which fields does the interface to the time clocks transfer?",
        "Could you send us the description of the accounting export?",
        "Is there a test environment for the API?",
        "How often is the recruiting connection synchronised?",
        "May a service provider use our API key, and how would we limit it?",
    ),
    faults=(
        "The time clocks of our second site have not been read since {day}, {time}.",
        "The accounting export books {n} cost centres on the wrong account.",
        "The API answers {code} for employees with a second contract.",
        "New hires from recruiting arrive without their start date.",
        "The interface created {n} employees a second time.",
    ),
    praises=(
        "The connection to our time clocks has run faultlessly since {month}",
        "The accounting export was accepted at once, well done",
        "The API documentation is excellent",
    ),
)
_REPORTS = Topic(
    name="Reports",
    description="Headcount, cost reports, statistics and exports.",
    category="GENERAL_INQUIRY",
    subjects=("Headcount report", "Staff cost by site", "Statistics for {month}", "Export for our auditor"),
    asks=(
        "How is headcount defined in the monthly statistics?",
        "Is there a report of staff cost by site and month?",
        "Could the turnover report leave out apprentices?",
        "Where can we schedule a report to be sent on the first of the month?",
        "Which figures may {team} see in the cost report?",
    ),
    faults=(
        "The headcount report for {month} is {n} people short.",
        "Staff cost by site does not add up to the total, the gap is {big}.",
        "The report for the auditor has been calculating since {day}.",
        "The statistics count employees on parental leave as leavers.",
        "Exports cut off all names after {n} characters.",
    ),
    praises=(
        "The cost report convinced our management at first sight",
        "The new statistics are a pleasure to read",
        "Scheduled reports save {team} a whole morning each month",
    ),
)
_PERFORMANCE = Topic(
    name="Performance",
    description="Waiting times, timeouts and outages.",
    category="PRODUCT_ISSUE",
    subjects=("Waiting times in the payroll week", "Employee search", "Page does not respond", "Maintenance on {day}"),
    asks=(
        "Is maintenance planned in the last week of {month}?",
        "Could you tell us which times of day are quietest for large exports?",
        "Where are outages announced?",
        "Does the number of documents affect how long a personnel file takes to open?",
        "Which connection speed do you recommend for our sites?",
    ),
    faults=(
        "In the payroll week every page takes {n} seconds and more.",
        "The employee search did not respond from {time} on {day}.",
        "The system was not reachable for {n} hours, in the middle of the salary run.",
        "Opening a personnel file with many documents ends in {code}.",
        "Saving a change takes so long that {team} enter it twice.",
    ),
    praises=(
        "The system has become remarkably quick",
        "The search finds everybody at once now, what a difference",
        "The announcement of the maintenance was very considerate",
    ),
)
_ONBOARDING = Topic(
    name="Onboarding",
    description="Introduction, migration from the old system, and training.",
    category="GENERAL_INQUIRY",
    subjects=("Introduction plan", "Migration of our old data", "Training dates", "First payroll with you"),
    asks=(
        "Could you send us the plan for the remaining steps of the introduction?",
        "In which format do you need the data of our old system?",
        "Are there training dates for {team} in {month}?",
        "Who checks the first payroll run together with us?",
        "Is a parallel run with the old system recommended for one month or two?",
    ),
    faults=(
        "Our introduction was moved for the third time, now to {month}.",
        "The migrated data lack the entry dates of {n} employees.",
        "The trainer did not know about our second site, and {team} learned little.",
        "We have had {n} different contacts since the start and explain everything anew each time.",
        "The parallel run shows differences that nobody on your side can explain.",
    ),
    praises=(
        "The introduction was patient, friendly and exactly on time",
        "The migration of our old data was a great success",
        "The training was excellent, {team} still talk about it",
    ),
)

QUILLHAVEN = Vendor(
    slug="quillhaven",
    name="Quillhaven HR",
    product="Quillhaven",
    plan_tier="enterprise",
    currency="EUR",
    time_zone="Europe/Berlin",
    ui_domain="app-eu1.hubspot.com",
    mrr_property="contract_mrr_eur",
    renewal_property="contract_end_date",
    last_login_property="last_active_on",
    onboarding_step_property="setup_stage_number",
    usage_property="active_seats_30d",
    usage_label="Seats used, last 30 days",
    industry=("Manufacturing", "Healthcare", "Hospitality", "Construction", "Education"),
    teams=("our payroll team", "our site managers", "the personnel office", "our accountants", "the shift leads"),
    staff=(
        ("Annika", "Rosengart", False),
        ("Levent", "Ozkara", False),
        ("Clara", "Winterfeld", False),
        ("Piotr", "Zalewa", False),
        ("Ines", "Marquand", False),
        ("Gregor", "Thaler", True),
    ),
    pipelines=(
        Pipeline(
            id="0",
            label="Customer care",
            stages=(
                Stage("1", "Received", "OPEN"),
                Stage("2", "Waiting for customer", "OPEN"),
                Stage("3", "In progress", "OPEN"),
                Stage("4", "Solved", "CLOSED"),
            ),
        ),
        Pipeline(
            id="61540212",
            label="Payroll desk",
            stages=(
                Stage("118840311", "New request", "OPEN"),
                Stage("118840312", "With payroll expert", "OPEN"),
                Stage("118840313", "Waiting on client", "OPEN"),
                Stage("118840314", "Done", "CLOSED"),
                Stage("118840315", "Done without answer", "CLOSED"),
            ),
        ),
    ),
    customer_words=(
        (
            "Adler",
            "Bergmann",
            "Castel",
            "Dorn",
            "Eichhof",
            "Falken",
            "Gerber",
            "Hansa",
            "Immergrün",
            "Jansen",
            "Kranich",
            "Löwen",
            "Marienthal",
            "Neuhof",
            "Olsberg",
            "Pappel",
            "Rosenau",
            "Silber",
            "Tannen",
            "Ulmen",
        ),
        ("Werke", "Klinik", "Hotels", "Bau", "Schulen", "Technik", "Pflege", "Möbel", "Druck", "Logistik"),
    ),
    topics=(
        _BILLING,
        _LOGIN,
        _PAYROLL,
        _ABSENCE,
        _DOCUMENTS,
        _INTEGRATIONS,
        _REPORTS,
        _PERFORMANCE,
        _ONBOARDING,
    ),
)
"""Payroll and staff records, billed in euros, with a second pipeline and renamed stages."""
