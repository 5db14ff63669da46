# CloudFront before Lambent. README.md beside this file says what to change and what to expect; template.yaml says the same for
# CloudFormation, with the reasons for each figure, and test/edge/cloudfront-template.test.ts holds the two together.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.46 has cache_tag_config.
      version = ">= 6.46"
    }
  }
}

variable "name" {
  type        = string
  description = "Begins the names of function and policies."
  default     = "lambent"
}

variable "origin_domain" {
  type        = string
  description = "Host that leads to Lambent, such as that of its load balancer."
}

variable "origin_protocol" {
  type        = string
  description = "How CloudFront speaks to it, on port 443 or 80: https-only or http-only. HTTPS needs a certificate for origin_domain there."
  default     = "https-only"
}

variable "origin_response_timeout" {
  type        = number
  description = "Seconds that an answer may take. Longer than DEADLINE_MS, or CloudFront asks again while the first is worked on."
  default     = 20
}

variable "origin_secret" {
  type        = string
  description = "One of ORIGIN_SECRETS, sent as X-Origin-Secret. Whoever may read the distribution's configuration, or the state, can read it there."
  default     = ""
  sensitive   = true
}

variable "origin_shield_region" {
  type        = string
  description = "Region of the Origin Shield, the one nearest to Lambent; empty for none."
  default     = ""
}

variable "query_key" {
  type        = string
  description = "Whose word on options counts in the cache key: function, or also an allow-list, for which the quota has to be raised."
  default     = "function"

  validation {
    condition     = contains(["function", "allow-list"], var.query_key)
    error_message = "Either function or allow-list."
  }
}

variable "signing" {
  type        = bool
  description = "Whether there are SIGNING_KEYS."
  default     = false
}

variable "uploads" {
  type        = bool
  description = "Whether there is an UPLOADS_BUCKET."
  default     = false
}

variable "cors_origins" {
  type        = string
  description = "Whether CORS_ORIGINS is its default (any), or a list."
  default     = "any"

  validation {
    condition     = contains(["any", "list"], var.cors_origins)
    error_message = "Either any or list."
  }
}

variable "aliases" {
  type        = list(string)
  description = "Names of your own; their DNS leads to what domain_name says below."
  default     = []
}

variable "certificate_arn" {
  type        = string
  description = "Certificate for those names, of ACM in us-east-1."
  default     = ""
}

variable "price_class" {
  type        = string
  description = "Where in the world CloudFront answers: PriceClass_100, PriceClass_200 or PriceClass_All."
  default     = "PriceClass_All"
}

variable "tags" {
  type        = map(string)
  description = "Tags of the distribution."
  default     = {}
}

resource "aws_cloudfront_function" "canonical" {
  name    = "${var.name}-canonical"
  comment = "Brings requests for pictures into one form"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/cloudfront-function.js")
}

resource "aws_cloudfront_cache_policy" "pictures" {
  name        = "${var.name}-pictures"
  comment     = "Options, and the formats that a client takes"
  min_ttl     = 0
  default_ttl = 86400
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = false
    enable_accept_encoding_brotli = false

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "whitelist"
      headers {
        items = concat(["Accept"], var.cors_origins == "list" ? ["Origin"] : [])
      }
    }

    query_strings_config {
      query_string_behavior = var.query_key == "allow-list" ? "whitelist" : "all"

      dynamic "query_strings" {
        for_each = var.query_key == "allow-list" ? [1] : []
        content {
          items = concat(
            ["w", "h", "crop", "rot", "flip", "trim", "fit", "pos", "dpr", "enlarge", "blur", "sharpen"],
            ["pad", "bg", "wm", "preset", "colors", "anim", "f", "q", "dl"],
            var.uploads ? ["pending"] : [],
            var.signing ? ["exp", "kid", "sig"] : [],
          )
        }
      }
    }
  }
}

resource "aws_cloudfront_origin_request_policy" "pictures" {
  name    = "${var.name}-pictures"
  comment = "Preflights"

  cookies_config {
    cookie_behavior = "none"
  }

  headers_config {
    header_behavior = "whitelist"
    headers {
      items = ["Access-Control-Request-Headers", "Access-Control-Request-Method"]
    }
  }

  query_strings_config {
    query_string_behavior = "none"
  }
}

resource "aws_cloudfront_distribution" "pictures" {
  enabled         = true
  comment         = "Lambent at ${var.origin_domain}"
  http_version    = "http2and3"
  is_ipv6_enabled = true
  price_class     = var.price_class
  aliases         = var.aliases
  tags            = var.tags

  viewer_certificate {
    cloudfront_default_certificate = var.certificate_arn == "" ? true : null
    acm_certificate_arn            = var.certificate_arn == "" ? null : var.certificate_arn
    ssl_support_method             = var.certificate_arn == "" ? null : "sni-only"
    minimum_protocol_version       = var.certificate_arn == "" ? null : "TLSv1.2_2021"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  cache_tag_config {
    header_name = "Cache-Tag"
  }

  origin {
    origin_id           = "pictures"
    domain_name         = var.origin_domain
    connection_attempts = 2
    connection_timeout  = 3

    custom_origin_config {
      origin_protocol_policy   = var.origin_protocol
      http_port                = 80
      https_port               = 443
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = var.origin_response_timeout
      origin_keepalive_timeout = 50
    }

    dynamic "custom_header" {
      for_each = nonsensitive(var.origin_secret != "") ? [1] : []
      content {
        name  = "X-Origin-Secret"
        value = var.origin_secret
      }
    }

    dynamic "origin_shield" {
      for_each = var.origin_shield_region != "" ? [1] : []
      content {
        enabled              = true
        origin_shield_region = var.origin_shield_region
      }
    }
  }

  dynamic "origin" {
    for_each = var.uploads ? [1] : []
    content {
      origin_id           = "uploads"
      domain_name         = var.origin_domain
      connection_attempts = 2
      connection_timeout  = 3

      custom_origin_config {
        origin_protocol_policy   = var.origin_protocol
        http_port                = 80
        https_port               = 443
        origin_ssl_protocols     = ["TLSv1.2"]
        origin_read_timeout      = 60
        origin_keepalive_timeout = 50
      }

      dynamic "custom_header" {
        for_each = nonsensitive(var.origin_secret != "") ? [1] : []
        content {
          name  = "X-Origin-Secret"
          value = var.origin_secret
        }
      }
    }
  }

  default_cache_behavior {
    target_origin_id         = "pictures"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["GET", "HEAD", "OPTIONS"]
    cached_methods           = ["GET", "HEAD"]
    compress                 = false
    cache_policy_id          = aws_cloudfront_cache_policy.pictures.id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.pictures.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.canonical.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.uploads ? [1] : []
    content {
      path_pattern           = "/-/uploads*"
      target_origin_id       = "uploads"
      viewer_protocol_policy = "https-only"
      allowed_methods        = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
      cached_methods         = ["GET", "HEAD"]
      compress               = false
      # CloudFront's own: CachingDisabled and AllViewerExceptHostHeader.
      cache_policy_id          = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
      origin_request_policy_id = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    }
  }

  dynamic "custom_error_response" {
    for_each = [400, 403, 404, 405, 500, 501, 502, 503, 504]
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = custom_error_response.value == 404 ? 5 : 0
    }
  }
}

output "distribution_id" {
  description = "For PURGE_CLOUDFRONT"
  value       = aws_cloudfront_distribution.pictures.id
}

output "domain_name" {
  description = "Where the pictures are"
  value       = aws_cloudfront_distribution.pictures.domain_name
}

output "function_arn" {
  description = "For a behaviour of another distribution, like the two below"
  value       = aws_cloudfront_function.canonical.arn
}

output "cache_policy_id" {
  value = aws_cloudfront_cache_policy.pictures.id
}

output "origin_request_policy_id" {
  value = aws_cloudfront_origin_request_policy.pictures.id
}
