with tickets as (

    select
        *,
        coalesce(created_at, modified_at, loaded_at) as opened_at

    from {{ ref('stg_hubspot__tickets') }}
    where not is_archived

),

owners as (

    select
        tenant_id,
        owner_id,
        {{ digest_of(["'owner'", 'owner_id', 'email', 'first_name', 'last_name']) }} as digest

    from {{ ref('stg_hubspot__owners') }}

),

emails as (

    select * from {{ ref('stg_hubspot__emails') }}
    where not is_archived

),

notes as (

    select * from {{ ref('stg_hubspot__notes') }}
    where not is_archived

),

-- Whatever the models of a ticket are made of besides itself. What is not yet is told when it is. Tickets go by a number here, since rows are grouped by a
-- number far faster than by two texts; where two shared one, each would be made anew with the other.
told as (

    {% for kind, id, rows in [('emails', 'email_id', 'emails'), ('notes', 'note_id', 'notes')] -%}
    select
        {{ digest_of(['links.tenant_id', 'links.ticket_id']) }} as ticket_key,
        {{ digest_of([
            "'" ~ kind ~ "'",
            'links.' ~ id,
            'messages.direction',
            'messages.author_email',
            'messages.author_name',
            'messages.is_automated',
            'coalesce(messages.sent_at, messages.created_at, messages.loaded_at)',
            'messages.subject',
            'messages.text',
            'messages.own_text',
            'owners.digest',
        ]) }} as digest
    from {{ ref('stg_hubspot__ticket_' ~ kind) }} as links
    inner join {{ rows }} as messages
        on
            links.tenant_id = messages.tenant_id
            and links.{{ id }} = messages.{{ id }}
    left join owners
        on
            messages.tenant_id = owners.tenant_id
            and messages.owner_id = owners.owner_id
    where coalesce(messages.sent_at, messages.created_at, messages.loaded_at) <= {{ as_of_at() }}

    union all

    {% endfor -%}
    select {{ digest_of(['tenant_id', 'ticket_id']) }}, {{ digest_of(["'stage change'", 'stage_id', 'entered_at']) }}
    from {{ ref('stg_hubspot__ticket_stage_history') }}
    where entered_at <= {{ as_of_at() }}

    union all

    select
        {{ digest_of(['links.tenant_id', 'links.ticket_id']) }},
        {{ digest_of(["'company'", 'links.company_id', 'links.is_primary', 'companies.company_name']) }}
    from {{ ref('stg_hubspot__ticket_companies') }} as links
    inner join {{ ref('int_company_facts') }} as companies
        on
            links.tenant_id = companies.tenant_id
            and links.company_id = companies.company_id

    union all

    select
        {{ digest_of(['links.tenant_id', 'links.ticket_id']) }},
        {{ digest_of(["'contact'", 'links.contact_id', 'contacts.first_name', 'contacts.last_name', 'contacts.email']) }}
    from {{ ref('stg_hubspot__ticket_contacts') }} as links
    inner join {{ ref('stg_hubspot__contacts') }} as contacts
        on
            links.tenant_id = contacts.tenant_id
            and links.contact_id = contacts.contact_id
    where not contacts.is_archived

    union all

    select
        {{ digest_of(['tenant_id', 'ticket_id']) }},
        {{ digest_of(["'text'", 'message_id', 'read_text', 'input_hash', 'is_truncated', 'is_repeated']) }}
    from {{ ref('stg_enrichment__message_texts') }}

    union all

    select
        {{ digest_of(['tenant_id', 'ticket_id']) }},
        {{ digest_of(["'quote'", 'message_id', 'evidence_index', 'quote', 'quote_start', 'quote_end', 'call_key']) }}
    from {{ ref('stg_enrichment__message_evidence') }}

    union all

    select
        {{ digest_of(['tenant_id', 'ticket_id']) }},
        {{ digest_of([
            "'reading'",
            'message_id',
            'sentiment',
            'level',
            'churn_intent',
            'target',
            'resolution',
            'is_evidence_ok',
            'analyzer',
            'model',
            'prompt_version',
            'schema_hash',
            'input_hash',
            'input_tokens',
            'output_tokens',
            'cost_usd',
            'run_id',
            'analyzed_at',
        ]) }}
    from {{ ref('stg_enrichment__message_sentiment') }}

    union all

    select {{ digest_of(['tenant_id', 'ticket_id']) }}, {{ digest_of(["'label'", 'topic', 'topic_rank']) }}
    from {{ ref('stg_enrichment__ticket_topics') }}

    union all

    select {{ digest_of(['tenant_id', 'ticket_id']) }}, {{ digest_of(["'correction'", 'after', 'author']) }}
    from {{ ref('stg_app__corrections') }}
    where is_standing and field = 'topics'

),

told_of_tenants as (

    select tenant_id, {{ digest_of(["'tenant'", 'has_threads']) }} as digest
    from {{ ref('int_tenants') }}

    union all

    select tenant_id, {{ digest_of(["'stage'", 'pipeline_id', 'stage_id', 'ticket_status']) }}
    from {{ ref('int_pipeline_stages') }}

    union all

    select tenant_id, {{ digest_of(["'topic'", 'topic', 'current_topic', 'parent_topic']) }}
    from {{ ref('stg_app__topics') }}

    union all

    select tenant_id, {{ digest_of(["'portal'", 'portal_id', 'ui_domain']) }}
    from {{ ref('stg_hubspot__portals') }}

),

-- Sums, so that the order of rows says nothing.
sums as (

    select
        ticket_key,
        sum(digest) as digest

    from told
    group by ticket_key

),

found as (

    select
        tickets.tenant_id,
        tickets.ticket_id,
        coalesce(sums.digest, 0)
        + {{ digest_of([
            "'ticket'",
            'pipeline_id',
            'stage_id',
            'subject',
            'url',
            'opened_at',
            'closed_at',
            'modified_at',
            'last_message_received_at',
            'opened_at <= ' ~ as_of_at(),
            'closed_at <= ' ~ as_of_at(),
            'modified_at <= ' ~ as_of_at(),
            'last_message_received_at <= ' ~ as_of_at(),
            'overall_visitor_sentiment',
            'overall_visitor_sentiment_score',
            'last_visitor_sentiment',
            'last_visitor_sentiment_score',
        ]) }} as digest

    from tickets
    left join sums
        on {{ digest_of(['tickets.tenant_id', 'tickets.ticket_id']) }} = sums.ticket_key

    union all

    select
        tenant_id,
        '' as ticket_id,
        sum(digest) as digest

    from told_of_tenants
    group by tenant_id

),

{{ beside_the_build_before('found', ['tenant_id', 'ticket_id']) }}

select * from final
