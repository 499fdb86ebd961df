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

-- Whatever the models of tickets are made of. What is not yet is told when it is.
told as (

    select
        tenant_id,
        ticket_id,
        {{ digest_of([
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

    union all

    {% for kind, id, rows in [('emails', 'email_id', 'emails'), ('notes', 'note_id', 'notes')] -%}
    select
        links.tenant_id,
        links.ticket_id,
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
        ]) }}
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
    select tenant_id, ticket_id, {{ digest_of(["'stage change'", 'stage_id', 'entered_at']) }}
    from {{ ref('stg_hubspot__ticket_stage_history') }}
    where entered_at <= {{ as_of_at() }}

    union all

    select
        links.tenant_id,
        links.ticket_id,
        {{ digest_of(["'company'", 'links.company_id', 'links.is_primary', 'companies.company_name']) }}
    from {{ ref('stg_hubspot__ticket_companies') }} as links
    inner join {{ ref('int_company_facts') }} as companies
        on
            links.tenant_id = companies.tenant_id
            and links.company_id = companies.company_id

    union all

    select
        links.tenant_id,
        links.ticket_id,
        {{ digest_of(["'contact'", 'links.contact_id', 'contacts.first_name', 'contacts.last_name', 'contacts.email']) }}
    from {{ ref('stg_hubspot__ticket_contacts') }} as links
    inner join {{ ref('stg_hubspot__contacts') }} as contacts
        on
            links.tenant_id = contacts.tenant_id
            and links.contact_id = contacts.contact_id
    where not contacts.is_archived

    union all

    select
        tenant_id,
        ticket_id,
        {{ digest_of(["'text'", 'message_id', 'read_text', 'input_hash', 'is_truncated', 'is_repeated']) }}
    from {{ ref('stg_enrichment__message_texts') }}

    union all

    select tenant_id, ticket_id, {{ digest_of(["'quote'", 'message_id', 'evidence_index', 'quote', 'quote_start', 'quote_end']) }}
    from {{ ref('stg_enrichment__message_evidence') }}

    union all

    select
        tenant_id,
        ticket_id,
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
        ]) }}
    from {{ ref('stg_enrichment__message_sentiment') }}

    union all

    select tenant_id, ticket_id, {{ digest_of(["'label'", 'topic', 'topic_rank']) }}
    from {{ ref('stg_enrichment__ticket_topics') }}

    union all

    select tenant_id, ticket_id, {{ digest_of(["'correction'", 'after', 'author']) }}
    from {{ ref('stg_app__corrections') }}
    where is_standing and field = 'topics'

    union all

    -- From here on: what is so for every ticket of a tenant.
    select tenant_id, '', {{ digest_of(["'tenant'", 'has_threads']) }}
    from {{ ref('int_tenants') }}

    union all

    select tenant_id, '', {{ digest_of(["'stage'", 'pipeline_id', 'stage_id', 'ticket_status']) }}
    from {{ ref('int_pipeline_stages') }}

    union all

    select tenant_id, '', {{ digest_of(["'topic'", 'topic', 'current_topic', 'parent_topic']) }}
    from {{ ref('stg_app__topics') }}

),

-- Sums, so that the order of rows says nothing.
found as (

    select
        tenant_id,
        ticket_id,
        sum(digest) as digest

    from told
    group by tenant_id, ticket_id

),

{{ beside_the_build_before('found', ['tenant_id', 'ticket_id']) }}

select * from final
