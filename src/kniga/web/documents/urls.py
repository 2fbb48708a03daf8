"""Documents: one document (`documents:document`), its files, letters, the templates and their form."""

from __future__ import annotations

from django.urls import path

from kniga.web.documents import document_views, template_views

app_name = "documents"
urlpatterns = [
    path("<int:document_id>/", document_views.show, name="document"),
    path("<int:document_id>/markdown/", document_views.markdown_file, name="markdown"),
    path("<int:document_id>/html/", document_views.html_file, name="html"),
    path("<int:document_id>/pdf/", document_views.pdf_file, name="pdf"),
    path("<int:document_id>/docx/", document_views.word_file, name="docx"),
    path("letters/<int:letter_id>/", document_views.letter, name="letter"),
    path("templates/", template_views.show, name="templates"),
    path("templates/new/", template_views.create, name="create_template"),
    path("templates/<slug:template_key>/", template_views.edit, name="template"),
]
