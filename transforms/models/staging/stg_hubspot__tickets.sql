with source as (

    select * from {{ source('raw_hubspot', 'tickets') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as ticket_id,
        hs_pipeline as pipeline_id,
        hs_pipeline_stage as stage_id,
        hubspot_owner_id as owner_id,
        hs_primary_company_id as primary_company_id,

        -- text
        subject,
        content,
        hs_ticket_priority as priority,
        hs_ticket_category as category,
        source_type,
        url,
        properties,
        hs_overall_visitor_messages_sentiment as overall_visitor_sentiment,
        hs_last_visitor_message_sentiment as last_visitor_sentiment,

        -- numbers
        hs_overall_visitor_messages_sentiment_score as overall_visitor_sentiment_score,
        hs_last_visitor_message_sentiment_score as last_visitor_sentiment_score,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('createdate') }} as created_at,
        {{ utc('closed_date') }} as closed_at,
        {{ utc('hs_lastmodifieddate') }} as modified_at,
        {{ utc('first_agent_reply_date') }} as first_agent_reply_at,
        {{ utc('hs_last_message_received_at') }} as last_message_received_at,
        {{ utc('archived_at') }} as archived_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
