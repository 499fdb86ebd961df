with source as (

    select * from {{ source('raw_hubspot', 'companies') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as company_id,
        hubspot_owner_id as owner_id,

        -- text
        name as company_name,
        domain,
        lifecyclestage,
        url,
        properties,

        -- numbers
        annualrevenue,

        -- booleans
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('createdate') }} as created_at,
        {{ utc('hs_lastmodifieddate') }} as modified_at,
        {{ utc('archived_at') }} as archived_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
